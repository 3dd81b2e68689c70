import { createPolicy } from '../../../src/testing/platform-rows';
import { useDatabase } from '../../support/database';
import { runCommandLine } from './command-line';

/** Guards that `restore-orphans` restores the rows that `migrate` moved to quarantine on request. */
describe('protection-flows restore-orphans', () => {
  const database = useDatabase({ platform: 'mixed' });
  const run = (...args: string[]) => runCommandLine(args, { env: { DATABASE_URL: database.url } });
  const json = async (...args: string[]) => {
    const { exitCode, stdout } = await run(...args, '--json');
    return { exitCode, ...(JSON.parse(stdout) as Record<string, unknown>) };
  };

  it('restores the rows that migrate --orphans=quarantine moved to quarantine', async () => {
    expect(await json('migrate')).toMatchObject({ exitCode: 0 });
    expect((await run('restore-orphans')).stdout).toContain('Nothing is quarantined.');
    await database.session.query('ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy');
    await database.session.query(
      "INSERT INTO protection_flows (id, name, flow_type, target_type, target_id, destination_type, policy_id) VALUES ('f', 'f', 'replication', 'vm', 'v', 'ossea', 'gone')",
    );
    await database.session.query(
      "INSERT INTO protection_flow_executions (id, flow_id, execution_type) VALUES ('e', 'f', 'api')",
    );
    expect(await json('migrate')).toMatchObject({ exitCode: 1, ok: false });
    expect(await json('migrate', '--orphans=quarantine')).toMatchObject({ exitCode: 0, ok: true });
    const left = {
      table: 'protection_flows',
      key: 'fk_flows_policy',
      reason: 'parent-missing',
      sample: ['f'],
    };
    expect(await json('restore-orphans', '--key', 'fk_flows_policy')).toMatchObject({
      exitCode: 1,
      ok: false,
      restored: {},
      left: expect.arrayContaining([expect.objectContaining(left)]),
    });
    await createPolicy(database.session, { id: 'gone' });
    const { exitCode, stdout } = await run('restore-orphans');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/protection_flow_executions +1\n.*2 rows restored, none left in quarantine/s);
    expect(await json('verify')).toMatchObject({ exitCode: 0, verdict: 'proven' });
  });
});
