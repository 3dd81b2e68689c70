import { createConnection } from 'mysql2/promise';
import type { SessionOptions } from '../../../src/engine/session/migration-session';
import { sessionOf } from '../../../src/testing/throw-away-database';
import { describeOnGalera, useGaleraCluster } from '../../support/use-cluster';
import { DyingRun, type Killer } from '../kill-points/dying-run';
import { sessionKiller, SharedDeath } from '../kill-points/killers';
import { killPoints, record, type KillPoint } from '../kill-points/recording';
import { failedAt, report } from '../kill-points/report';
import { scenarios } from '../kill-points/scenarios';
import { canChange, leavesTrace } from '../kill-points/statements';

/** One in this many places for a session's death is tried. None is during a statement: one on all nodes can't be killed. */
const sessionStep = 9;
/** How many nodes die per scenario, each during a statement. */
const nodeDeaths = 2;

/** After a run died on another node, others wait until its lease has expired. */
const dying: SessionOptions = { lockLeaseMs: 1_500 };
const ending: SessionOptions = { lockWaitMs: 60_000 };

/** Picks a number of items, as far apart as possible. */
function spread<T>(all: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, at) => all[Math.floor(((at + 0.5) * all.length) / count)] as T);
}

/**
 * Guards that a cluster behaves like a single server: at a sample of the places where a run can die, the next run
 * continues on another node.
 */
describeOnGalera('a run that dies on a node of a cluster', () => {
  const cluster = useGaleraCluster();

  afterEach(async () => {
    const [first] = cluster().nodes;
    if (!first.isRunning) await first.restart();
    await cluster().waitUntilSynced();
  });

  it.each(scenarios)(
    'in $name is repaired by the next run, on another node',
    async (scenario) => {
      const begun = performance.now();
      const [first, second, third] = cluster().nodes;
      const recording = await record(first, scenario, dying);
      const die = async (point: KillPoint, killer: Killer): Promise<void> => {
        try {
          const run = await DyingRun.prepare(scenario, recording, point);
          await run.die(killer, dying);
          await run.moveTo(point.statement % 2 === 0 ? second : third);
          await run.finish(point.ending, ending);
        } catch (error) {
          throw failedAt({ place: point, points: [point] }, recording, error);
        }
      };

      const sessions = killPoints(scenario, recording, canChange)
        .filter(({ when }) => when !== 'during')
        .filter((_, at) => at % sessionStep === 0);
      const admin = await createConnection(first.url());
      for (const point of sessions) await die(point, sessionKiller(sessionOf(admin)));
      admin.destroy();

      const whileItRuns = killPoints(scenario, recording, leavesTrace).filter(
        ({ when }) => when === 'during',
      );
      const nodes = spread(whileItRuns, nodeDeaths);
      for (const point of nodes) {
        const { killer, leave } = new SharedDeath(first, 1).join();
        await die(point, killer).finally(leave);
        await first.restart();
        await cluster().waitUntilSynced();
      }
      report('session or node', scenario, first, recording, [...sessions, ...nodes], begun);
    },
    600_000,
  );
});
