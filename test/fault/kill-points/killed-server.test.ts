import { DyingRun } from './dying-run';
import { SharedDeath } from './killers';
import { useLastingServer } from './lasting-server';
import {
  expectNoneSkipped,
  killPoints,
  nameOf,
  record,
  wantedPoints,
  type KillPoint,
  type Recording,
} from './recording';
import { failedAt, report } from './report';
import { scenarios, type Scenario } from './scenarios';
import { leavesTrace } from './statements';

/** How many runs die with the server at once. */
const sharers = 12;

/** In groups for one death each: those that die while their statement runs don't wait for each other at its end. */
function groupsOf(points: readonly KillPoint[]): KillPoint[][] {
  const groups: KillPoint[][] = [];
  for (const isDuring of [false, true]) {
    const alike = points.filter(({ when }) => (when === 'during') === isDuring);
    while (alike.length > 0) groups.push(alike.splice(0, sharers));
  }
  return groups;
}

/**
 * Guards that a run whose server is killed, with SIGKILL and in the midst of its work, is finished, or taken back, by
 * the next one after the restart. Statements count that leave something behind: a session's settings and locks go
 * with any server.
 */
describe('a run whose server is killed', () => {
  const server = useLastingServer();

  beforeEach(async () => {
    // A test that failed may have left it dead
    if (!server.isRunning) await server.restart();
  });

  async function dieTogether(scenario: Scenario, recording: Recording, points: KillPoint[]): Promise<void> {
    const death = new SharedDeath(server, points.length);
    const each = async (work: (index: number) => Promise<unknown>): Promise<void> => {
      const ended = await Promise.allSettled(points.map((_point, index) => work(index)));
      ended.forEach((one, index) => {
        if (one.status === 'rejected') throw failedAt(points[index]!, recording, one.reason);
      });
    };
    const runs: DyingRun[] = [];
    await each(async (index) => {
      runs[index] = await DyingRun.prepare(scenario, recording, points[index]!);
    });
    await each(async (index) => {
      const { killer, leave } = death.join();
      await runs[index]?.die(killer).finally(leave);
    });
    await server.restart();
    await each(async (index) => {
      await runs[index]?.returnToServer();
      await runs[index]?.finish();
    });
  }

  it.each(scenarios)(
    'in $name is made good by the next',
    async (scenario) => {
      const begun = performance.now();
      const recording = await record(server, scenario);
      const points = wantedPoints(killPoints(scenario, recording, leavesTrace));
      const killed = new Set<string>();
      for (const group of groupsOf(points)) {
        await dieTogether(scenario, recording, group);
        for (const point of group) killed.add(nameOf(point));
      }
      expectNoneSkipped(recording, killed, leavesTrace);
      expect(killed.size).toBe(points.length);
      report('server', scenario, server, recording, points, begun);
    },
    1_800_000,
  );
});
