import { join } from 'node:path';
import { useDatabase, usePrivateServer } from '../../support/database';
import { deathsAt, Endings, type Death } from './deaths';
import { DyingRun } from './dying-run';
import { sessionKiller, SharedDeath } from './killers';
import { expectNoneSkipped, killPoints, nameOf, record, wantedPoints, type Recording } from './recording';
import { failedAt, report } from './report';
import { scenarios, type Scenario } from './scenarios';
import { canChange, concernsLock, leavesTrace } from './statements';

/** How many databases have dying runs at the same time. Each run dies at its own place. */
const lanes = 4;
/** How many runs die with the server at once. */
const sharers = 12;
const limitMs = 1_800_000;

/** Groups the deaths that share one death of the server. Those during a statement meet before it, so they have own groups. */
function groupsOf(deaths: readonly Death[]): Death[][] {
  const groups: Death[][] = [];
  for (const isDuring of [false, true]) {
    const alike = deaths.filter(({ place }) => (place.when === 'during') === isDuring);
    while (alike.length > 0) groups.push(alike.splice(0, sharers));
  }
  return groups;
}

const namesIn = (deaths: readonly Death[]): string[] =>
  deaths.flatMap(({ points }) => points.map((point) => nameOf(point)));

/**
 * Guards that the next run finishes or undoes a run that died anywhere. DDL commits at once, so the server does not roll it
 * back.
 */
describe('a command that dies at any statement', () => {
  const server = usePrivateServer();
  const admin = useDatabase({ platform: 'none', server });
  const data = (): string => join(server.directory, 'data');

  const prepared = new Map<Scenario, Promise<{ recording: Recording; endings: Endings }>>();
  const prepare = (scenario: Scenario) => {
    const known =
      prepared.get(scenario) ??
      record(server, scenario).then((recording) => ({ recording, endings: new Endings() }));
    prepared.set(scenario, known);
    return known;
  };

  beforeEach(async () => {
    // A failed test may have left the server dead
    if (!server.isRunning) await server.restart();
  });

  // At every statement that can change something, also a setting of the session or the lock
  it.each(scenarios)(
    'is repaired by its next run if its connection is killed: $name',
    async (scenario) => {
      const begun = performance.now();
      const { recording, endings } = await prepare(scenario);
      const points = wantedPoints(killPoints(scenario, recording, canChange));
      const deaths = deathsAt(points, recording, (earlier, later) => earlier.session === later.session);
      const left = [...deaths];
      const tried: Death[] = [];
      const lane = async (): Promise<void> => {
        for (let death = left.shift(); death !== undefined; death = left.shift()) {
          try {
            const run = await DyingRun.prepare(scenario, recording, death.place);
            await run.die(sessionKiller(admin.session));
            const { sql } = recording.statements[death.place.statement - 1]!;
            await endings.finish(run, death.points, data(), { evenIfSeen: concernsLock(sql) });
          } catch (error) {
            left.length = 0;
            throw failedAt(death, recording, error);
          }
          tried.push(death);
        }
      };
      const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
      const killed = new Set(namesIn(tried));
      expectNoneSkipped(recording, killed, canChange);
      expect(killed.size).toBe(points.length);
      report('client', scenario, server, recording, points, begun, { deaths, endings });
    },
    limitMs,
  );

  async function dieTogether(
    scenario: Scenario,
    { recording, endings }: { recording: Recording; endings: Endings },
    deaths: readonly Death[],
  ): Promise<void> {
    const end = new SharedDeath(server, deaths.length);
    const each = async (work: (death: Death, index: number) => Promise<unknown>): Promise<void> => {
      const ended = await Promise.allSettled(deaths.map(work));
      ended.forEach((one, index) => {
        if (one.status === 'rejected') throw failedAt(deaths[index]!, recording, one.reason);
      });
    };
    const runs: DyingRun[] = [];
    await each(async ({ place }, index) => {
      runs[index] = await DyingRun.prepare(scenario, recording, place);
    });
    await each(async (_death, index) => {
      const { killer, leave } = end.join();
      await runs[index]?.die(killer).finally(leave);
    });
    await server.restart();
    await each(async ({ points }, index) => {
      await runs[index]!.ground.connect();
      // At least one ending runs after each restart, although the dead server left the lock taken
      await endings.finish(runs[index]!, points, data(), { evenIfSeen: index === 0 });
    });
  }

  // The server gets SIGKILL during its work. Only at statements that leave a trace: a session's settings and locks do not
  // survive the server
  it.each(scenarios)(
    'is repaired by its next run if its server is killed: $name',
    async (scenario) => {
      const begun = performance.now();
      const { recording, endings } = await prepare(scenario);
      const points = wantedPoints(killPoints(scenario, recording, leavesTrace));
      // The server's death ends all sessions, so all deaths between two statements are the same
      const deaths = deathsAt(points, recording, () => true);
      const before = endings.count;
      for (const group of groupsOf(deaths)) await dieTogether(scenario, { recording, endings }, group);
      const killed = new Set(namesIn(deaths));
      expectNoneSkipped(recording, killed, leavesTrace);
      expect(killed.size).toBe(points.length);
      report('server', scenario, server, recording, points, begun, { deaths, endings, before });
    },
    limitMs,
  );
});
