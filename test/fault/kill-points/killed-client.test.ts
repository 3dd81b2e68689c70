import { useDatabase } from '../../support/database';
import { DyingRun } from './dying-run';
import { sessionKiller } from './killers';
import { useLastingServer } from './lasting-server';
import { expectNoneSkipped, killPoints, nameOf, record, wantedPoints } from './recording';
import { failedAt, report } from './report';
import { scenarios } from './scenarios';
import { canChange } from './statements';

/** Databases on which runs die at the same time. */
const lanes = 4;

/**
 * Guards that a run whose connection dies anywhere is finished, or taken back, by the next one: DDL commits at once,
 * nothing rolls it back. Every statement that can change something counts, those of the session and of the lock too.
 */
describe('a run whose connection is killed', () => {
  const server = useLastingServer();
  const admin = useDatabase({ platform: 'none', server });

  it.each(scenarios)(
    'in $name is made good by the next',
    async (scenario) => {
      const begun = performance.now();
      const recording = await record(server, scenario);
      const points = wantedPoints(killPoints(scenario, recording, canChange));
      const left = [...points];
      const killed = new Set<string>();
      const lane = async (): Promise<void> => {
        for (let point = left.shift(); point !== undefined; point = left.shift()) {
          try {
            const run = await DyingRun.prepare(scenario, recording, point);
            await run.die(sessionKiller(admin.session));
            await run.finish();
          } catch (error) {
            left.length = 0;
            throw failedAt(point, recording, error);
          }
          killed.add(nameOf(point));
        }
      };
      const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
      expectNoneSkipped(recording, killed, canChange);
      expect(killed.size).toBe(points.length);
      report('client', scenario, server, recording, points, begun);
    },
    1_800_000,
  );
});
