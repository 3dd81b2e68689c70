import { migrate } from '../../../src/engine/migrate';
import { createFlow, createSchedule } from '../../../src/testing';
import { openDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { temporaryFolder } from '../../support/temporary-folder';
import { executions as model } from '../models';
import { makeVerifier, type ModelStep, type Verifier } from '../spin/search';
import { isBroken, type Played, type SeenState } from './execution-damage';
import { flowId, ExecutionPlayer } from './execution-player';
import { openExecutionSession, type ExecutionSession } from './execution-sessions';
import { playWalks, readCounterexample, walks } from './trails';
import { naiveExecutions, type NaiveProgram } from './naive-executions';

const database = useDatabase();
const folder = temporaryFolder();

/** On MySQL, a locking read of a run locks its row. */
const ofServer = (): string[] => (sharedServer().flavour === 'mysql' ? ['MYSQL'] : []);

async function emptyTables(): Promise<void> {
  for (const table of ['protection_flow_executions', 'sendense_flow_skips', 'sendense_flow_skip_totals'])
    await database.session.query(`DELETE FROM ${table}`);
}

async function withSessions<Result>(
  work: (sessions: readonly ExecutionSession[]) => Promise<Result>,
  rewrite?: (sql: string) => string,
): Promise<Result> {
  const sessions: ExecutionSession[] = [];
  try {
    for (let at = 0; at < 2; at += 1)
      sessions.push(await openExecutionSession(database, database.session, rewrite));
    return await work(sessions);
  } finally {
    for (const session of sessions) await session.close();
  }
}

beforeAll(async () => {
  const dataSource = await openDataSource(database);
  await migrate(dataSource);
  const schedule = await createSchedule(database.session);
  await createFlow(dataSource.manager, { id: flowId, schedule_id: schedule.id });
  await dataSource.destroy();
});
beforeEach(emptyTables);

/** Guards that the model `executions` describes this code: after each step of a walk, the rows are as in the model. */
it(`the server has the rows of the model after each step of ${walks} walks`, async () => {
  const verifier: Verifier = await makeVerifier('executions', ['CALLS=5', 'WALK', ...ofServer()], folder);
  await withSessions((sessions) =>
    playWalks(verifier, walks, async () => {
      await emptyTables();
      return new ExecutionPlayer(database.session, sessions);
    }),
  );
});

/** Plays a trail with this package or a naive program, and returns its traces in the rows. */
async function replay(steps: readonly ModelStep[], naive: NaiveProgram): Promise<Played> {
  await emptyTables();
  return withSessions(async (sessions) => {
    const player = new ExecutionPlayer(database.session, sessions, naive.instead);
    const states: SeenState[] = [];
    for (const step of steps) {
      await player.play(step);
      states.push(await player.state());
    }
    await player.end();
    states.push(await player.state());
    const times = 1 + steps.filter(({ what }) => what === 'falls_due').length;
    return {
      admin: database.session,
      states,
      times,
      waits: player.waits,
      enders: [...player.enders.values()],
    };
  }, naive.rewrite);
}

/** Guards that on a server a program with the mutation breaks the same formula as the model, and this package does not. */
it.each(model.mutations.map((one) => [one.lacks, one.formula, one] as const))(
  'a program without %s breaks %s on the server, and the package does not',
  async (_lacks, formula, { defines }) => {
    const naive = naiveExecutions[defines[0]!]!;
    const { steps, said } = await readCounterexample('executions', defines, formula, folder);
    const broken = await replay(steps, naive);
    expect([await isBroken[formula]!(broken), said, broken.states]).toEqual([true, said, broken.states]);
    const ours = await replay(steps, {});
    expect([await isBroken[formula]!(ours), said, ours.states]).toEqual([false, said, ours.states]);
  },
);
