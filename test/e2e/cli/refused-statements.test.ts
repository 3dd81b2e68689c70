import { createUser, type UserOf } from '../../integration/preflight/as-user';
import { useDatabase } from '../../support/database';
import { runCommandLine, type Ran } from './command-line';

/** Guards that the remedy for a statement that the server refuses can be carried out, and lets the statement succeed. */
const all = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'REFERENCES'];

let limited: UserOf | undefined;
afterEach(() => limited?.drop());
// After the hook above: the user goes first, then the database
const database = useDatabase({ per: 'each' });
const query = (sql: string): Promise<unknown> => database.session.query(sql);

it.each([
  ['recount', 'UPDATE'],
  ['prune --keep 1', 'DELETE'],
  ['status', 'SELECT'],
  ['check', 'SELECT'],
  ['audit', 'SELECT'],
])('%s without %s names the privilege to grant until it is granted', async (line, lacks) => {
  await runCommandLine(['migrate'], { env: { DATABASE_URL: database.url } });
  await query(`INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, total_executions)
    VALUES ('f', 'f', 'replication', 'vm', 'v', 'ossea', 9)`);
  await query(`INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at, completed_at)
    VALUES ('e1', 'f', 'success', 'manual', '2026-01-01', '2026-01-01'), ('e2', 'f', 'success', 'manual', '2026-01-02', '2026-01-02')`);
  limited = await createUser(database, [`${all.filter((one) => one !== lacks).join(', ')} ON DB.*`]);
  const run = (): Promise<Ran> =>
    runCommandLine(line.split(' '), { env: { DATABASE_URL: limited!.database.url } });
  const remedies: string[] = [];
  let ran = await run();
  while (ran.stderr.includes('PRIVILEGE_MISSING')) {
    expect(ran.exitCode).toBe(1);
    const [remedy = '', privilege, table] =
      /^Fix: Let an administrator grant (\w+) on (\S+) to the account that SELECT CURRENT_USER\(\) shows; docs\/command-line\.md .*$/m.exec(
        ran.stderr,
      ) ?? [];
    expect(remedy).not.toBe('');
    expect(remedies).not.toContain(remedy);
    remedies.push(remedy);
    await query(`GRANT ${privilege} ON ${table} TO ${limited.user}`);
    ran = await run();
  }
  expect(remedies).not.toEqual([]);
  expect(ran).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('Fix: ') as string });
});
