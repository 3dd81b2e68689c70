import { join } from 'node:path';
import { createRepository } from '../../src/testing';
import { startProgram, waitForPrograms, waitUntilItSays, type Program } from '../e2e/examples/programs';
import { packageFolder } from '../support/run-program';
import { useDatabase, usePrivateServer } from '../support/database';
import { useDataSource } from '../support/data-source';
import { insertFlows, yearlySchedule } from './claims-flows';
import { wrongStatistics } from './completions-recount';

const flows = Number(process.env['WORKER_FLOWS'] ?? 600);
const programs = 4;
const concurrency = 10;
const perRepository = 12;
const due = new Date('2026-01-01T00:00:00Z');

// Without this, a run could be lost or repeated when a scheduler or the database dies, or a repository overloaded.
describe(`${programs} workers on ${flows} due flows, killed, stopped, and cut off from their database`, () => {
  const server = usePrivateServer();
  const database = useDatabase({ server });
  const dataSource = useDataSource(database);

  const start = async (): Promise<Program> => {
    const register = join(packageFolder, 'test', 'support', 'register-swc.js');
    const program = startProgram(['-r', register, 'test/fixtures/program-that-works.ts'], {
      DATABASE_URL: database.url,
      CONCURRENCY: String(concurrency),
      PER_REPOSITORY: String(perRepository),
    });
    await waitUntilItSays(program, /ready/);
    return program;
  };
  const select = <Row extends object>(sql: string): Promise<Row[]> => dataSource().query<Row[]>(sql);
  const count = async (sql: string): Promise<number> =>
    Number((await select<{ n: number }>(`SELECT COUNT(*) AS n FROM ${sql}`))[0]!.n);

  it('run each flow to its end, keep every limit, and leave nothing behind', async () => {
    const { session } = database;
    const schedule_id = await yearlySchedule(session);
    const into = async (prefix: string, share: number, at: Date): Promise<string> => {
      const { id } = await createRepository(session);
      await insertFlows(session, { prefix, count: Math.ceil(flows * share), due: at, schedule_id });
      await session.query(
        `UPDATE protection_flows SET flow_type = 'backup', destination_type = NULL, repository_id = ? WHERE id LIKE ?`,
        [id, `${prefix}%`],
      );
      return id;
    };
    await into('large-', 0.7, due);
    await into('other-', 0.2, due);
    const small = await into('small-', 0.02, new Date(due.getTime() + 86_400_000));
    await insertFlows(session, { prefix: 'none-', count: Math.floor(flows * 0.08), due, schedule_id });
    const total = await count('protection_flows');
    await session.query(
      `CREATE TABLE ran (seq INT AUTO_INCREMENT PRIMARY KEY, id CHAR(36) UNIQUE, execution_id VARCHAR(64),
           repository_id VARCHAR(64), of_program INT, of_repository INT)
         CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`,
    );

    const running = await Promise.all(Array.from({ length: programs }, start));
    const stopped: Program[] = [];
    const harms = [
      async (at: number) => {
        running[at]!.kill('SIGKILL');
        running[at] = await start();
      },
      async (at: number) => {
        running[at]!.kill('SIGTERM');
        stopped.push(running[at]!);
        await running[at]!.ended;
        running[at] = await start();
      },
      async () => {
        await server.kill();
        await server.restart();
      },
    ];
    const rounds = 2;
    for (let n = 0; n < rounds * harms.length; n += 1) {
      const share = (n + 1) / (rounds * harms.length + 2);
      await waitForPrograms(async () => (await count('ran').catch(() => 0)) > total * share);
      await harms[n % harms.length]!(n % programs);
    }
    const open = `protection_flow_executions WHERE status IN ('pending', 'running')`;
    const isDue = 'protection_flows WHERE next_execution_time <= NOW()';
    const left = async (): Promise<number> => (await count(open)) + (await count(isDue));
    await waitForPrograms(async () => (await left()) === 0);
    for (const program of running) program.kill('SIGTERM');
    stopped.push(...running);

    for (const program of stopped)
      expect({ code: await program.ended, said: program.output() }).toEqual({ code: 0, said: 'ready\n' });
    // Each flow ran once, and again after each failure
    expect(
      await select(`SELECT f.id FROM protection_flows f LEFT JOIN protection_flow_executions e ON e.flow_id = f.id
                     GROUP BY f.id HAVING SUM(e.status = 'success') <> 1 OR SUM(e.status NOT IN ('success', 'error')) > 0
                         OR SUM(JSON_EXTRACT(e.execution_metadata, '$.retry.of') IS NULL) <> 1`),
    ).toEqual([]);
    expect(await select('SELECT execution_id FROM ran GROUP BY execution_id HAVING COUNT(*) > 1')).toEqual(
      [],
    );
    // Only a killed program, or a server killed during a claim, may leave a run without success
    const unwell = await select<{ error_message: string }>(
      `SELECT error_message FROM protection_flow_executions WHERE status <> 'success'`,
    );
    expect(unwell).toEqual(
      unwell.map(() => ({ error_message: 'Gave no sign of life for 2 seconds: taken for dead' })),
    );
    expect(unwell.length).toBeLessThanOrEqual(rounds * (1 + programs) * concurrency);
    expect(
      await count(`protection_flow_executions e LEFT JOIN ran r ON r.execution_id = e.id
                      WHERE e.status = 'success' AND r.id IS NULL`),
    ).toBe(0);
    const [most] = await select<{ ofProgram: number; ofRepository: number; small: number; all: number }>(
      `SELECT MAX(of_program) AS ofProgram, MAX(of_repository) AS ofRepository,
                MAX(IF(repository_id = '${small}' AND JSON_EXTRACT(e.execution_metadata, '$.retry.of') IS NULL, seq, 0)) AS small,
                MAX(seq) AS \`all\`
           FROM ran JOIN protection_flow_executions e ON e.id = ran.execution_id`,
    );
    expect(most!.ofProgram).toBeLessThanOrEqual(concurrency);
    expect(most!.ofRepository).toBeLessThanOrEqual(perRepository);
    // Otherwise the limits were not reached, and so not tested
    expect(most!.ofProgram).toBeGreaterThan(concurrency / 2);
    expect(most!.ofRepository).toBeGreaterThan(perRepository / 2);
    // Due a day after all others, and yet done long before them. Retries of killed runs do not count: they come later
    expect(Number(most!.small)).toBeLessThan(most!.all / 2);
    expect(
      await wrongStatistics({ query: (sql, values) => dataSource().query(sql, values as unknown[]) }),
    ).toEqual([]);
  }, 600_000);
});
