import { migrationList } from '../../../src/migrations';
import type { SessionOptions } from '../../../src/engine/session/migration-session';
import type { ServerAddress } from '../../../src/testing/connection-url';
import { verify } from '../../../src/engine/verify';
import { readRows } from '../../integration/adopt/rows';
import { openDataSource } from '../../support/data-source';
import { Ground, type State } from './ground';
import type { Command, Rows, Scenario } from './scenarios';
import { interceptStatements, isRetried, leavesTrace } from './statements';

/** A statement of the undisturbed run. */
export interface RecordedStatement {
  readonly sql: string;
  readonly ms: number;
  /** The session that sends it. A run has several sessions. */
  readonly session: object;
  /** The command that sends it. */
  readonly command: Turn;
}

/** A command of the scenario, its starting database, and the number of statements before it. */
export interface Turn {
  readonly run: Command;
  readonly start: Ground;
  readonly sentBefore: number;
}

/** The undisturbed course of a scenario. */
export interface Recording {
  readonly statements: readonly RecordedStatement[];
  /** The required result of each ending. */
  readonly whole: State;
  readonly nothing: State;
  /** The required rows in the end. */
  readonly rows: Rows;
}

/** The place where a run dies, and the command that follows. */
export interface KillPoint {
  /** Its place among the statements, from 1. */
  readonly statement: number;
  readonly when: 'before' | 'during' | 'after';
  readonly ending: 'again' | 'opposite';
}

export const nameOf = ({ statement, when, ending }: KillPoint): string => `${when} ${statement}, ${ending}`;

/** The rows of the two tables; none if the tables are missing. */
export const rowsOf = (ground: Ground): Promise<Rows> => readRows(ground.session);

/** Runs the scenario's commands undisturbed, checks the result, and records the statements. */
export async function record(
  server: ServerAddress,
  scenario: Scenario,
  options: SessionOptions = {},
): Promise<Recording> {
  const first = await Ground.open(server, scenario.platform);
  await scenario.prepare(first);
  const ground = await first.copy();
  const before = await first.state();
  expect(await ground.state()).toEqual(before);
  const rows = scenario.rows?.(await rowsOf(ground)) ?? {};
  const statements: RecordedStatement[] = [];
  for (const [at, run] of scenario.commands.entries()) {
    const start = at === 0 ? first : await ground.copy();
    start.close();
    const command: Turn = { run, start, sentBefore: statements.length };
    const dataSource = await openDataSource(ground);
    interceptStatements(dataSource, async (sql, execute, session) => {
      const begun = performance.now();
      const seen = { sql: ground.anonymous(sql), ms: 0, session, command };
      statements.push(seen);
      try {
        return await execute();
      } catch (error) {
        if (isRetried(error)) statements.pop();
        throw error;
      } finally {
        seen.ms = performance.now() - begun;
      }
    });
    await run(dataSource, options);
    await dataSource.destroy();
  }
  const after = await ground.state();
  const [whole, nothing] = scenario.leads === 'whole' ? [after, before] : [before, after];
  if (scenario.rows !== undefined) expect(await rowsOf(ground)).toEqual(rows);
  const report = await openDataSource(ground).then((fresh) => verify(fresh).finally(() => fresh.destroy()));
  expect(report.verdict).toBe(scenario.leads === 'whole' ? 'proven' : 'never-ran');
  expect(whole.history).toEqual(migrationList.map(({ name }) => name));
  ground.giveBack();
  return { statements, whole, nothing, rows };
}

/**
 * Returns every place to die: before and after each statement that `isWorthIt`, and during it if it leaves a trace. The
 * opposite command is tried on each state that a death can leave, so after each statement that leaves a trace.
 */
export function killPoints(
  { opposite }: Scenario,
  { statements }: Recording,
  isWorthIt: (sql: string) => boolean,
): KillPoint[] {
  return statements.flatMap(({ sql }, index): KillPoint[] => {
    const statement = index + 1;
    if (!isWorthIt(sql)) return [];
    const points: KillPoint[] = [
      { statement, when: 'before', ending: 'again' },
      { statement, when: 'after', ending: 'again' },
    ];
    if (leavesTrace(sql)) points.push({ statement, when: 'during', ending: 'again' });
    if (leavesTrace(sql) && opposite !== undefined)
      points.push({ statement, when: 'after', ending: 'opposite' });
    return points;
  });
}

/**
 * Returns the points that this test run tries: all of them, or half to save time. With KILL_POINTS=before-and-after: those before
 * and after a statement, followed by the same command.
 */
export function wantedPoints(points: readonly KillPoint[]): KillPoint[] {
  const isShort = process.env['KILL_POINTS'] === 'before-and-after';
  return points.filter(({ when, ending }) => !isShort || (when !== 'during' && ending === 'again'));
}

/** Asserts that a run died before and after each recorded statement that `isWorthIt`. */
export function expectNoneSkipped(
  { statements }: Recording,
  killed: ReadonlySet<string>,
  isWorthIt: (sql: string) => boolean,
): void {
  const skipped = statements.flatMap(({ sql }, index) =>
    (['before', 'after'] as const)
      .filter(() => isWorthIt(sql))
      .filter((when) => !killed.has(nameOf({ statement: index + 1, when, ending: 'again' })))
      .map((when) => `${when} ${index + 1}: ${sql}`),
  );
  expect(skipped).toEqual([]);
}
