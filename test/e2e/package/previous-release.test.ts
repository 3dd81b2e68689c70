import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { select } from '../../../src/engine/server/queryable';
import { createPolicy } from '../../../src/testing/platform-rows';
import { createNastyTable, nastyRows } from '../../integration/orphans/nasty-rows';
import { executions, flows, orphanBench } from '../../integration/orphans/orphan-bench';
import { useDatabase } from '../../support/database';
import { installInto } from '../../support/package-project';
import { packageFolder, runProgram } from '../../support/run-program';
import { temporaryFolder } from '../../support/temporary-folder';
import { waitFor } from '../../support/wait-for';

const previous = join(temporaryFolder(), 'previous');
const programs = {
  old: join(previous, 'node_modules/@sendense/protection-flows/dist/cli/main.js'),
  new: join(packageFolder, 'dist/cli/main.js'),
};

beforeAll(() => installInto(previous, join(packageFolder, 'test/fixtures/previous-release/package.tar.gz')));

/** Guards that this release continues where the previous one died: with its lock, history and quarantine. */
describe('after the previous release', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const bench = orphanBench(database);
  const cli = async (release: keyof typeof programs, ...args: string[]) => {
    const env = { DATABASE_URL: database.url };
    const { exitCode, stdout } = await runProgram(process.execPath, [programs[release], ...args, '--json'], {
      env,
    });
    return { exitCode, ...(JSON.parse(stdout) as Record<string, unknown>) };
  };

  /**
   * Lets the previous release die while a statement of its migrate waits for the table: on MariaDB the first that alters
   * it, on MySQL one of its parent before, which takes the lock of each child too.
   */
  async function dieInMigrate(table: string): Promise<void> {
    const other = await database.connect();
    await other.query('START TRANSACTION');
    await other.query(`SELECT COUNT(*) FROM ${table}`);
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, DATABASE_URL: database.url };
    const child = spawn(process.execPath, [programs.old, 'migrate'], { env, stdio: 'ignore' });
    const waiting = `SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table metadata%' AND INFO LIKE 'ALTER TABLE %'`;
    await waitFor(async () => (await select(database.session, waiting)).length > 0, { timeoutMs: 30_000 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await other.query('COMMIT');
    other.destroy();
  }

  it('migrate finishes a migrate that died half-way, and restore-orphans restores the quarantined rows of both releases', async () => {
    expect(await cli('old', 'migrate')).toMatchObject({ exitCode: 0 });
    await bench.dropKey('fk_flows_policy');
    await bench.insertFlow('f1', { policy_id: 'gone' });
    await bench.insertExecution('e1', 'f1');
    await bench.insertFlow('f2');
    const before = await bench.rows(flows);
    expect(await cli('old', 'migrate', '--orphans=quarantine')).toMatchObject({ exitCode: 0 });
    expect(await cli('old', 'rollback', '--steps', '2')).toMatchObject({ exitCode: 0 });
    await dieInMigrate(executions);
    expect(await cli('new', 'verify')).toMatchObject({ exitCode: 1, verdict: 'half-applied' });

    await bench.dropKey('fk_flows_policy');
    await database.session.query(`UPDATE ${flows} SET policy_id = 'gone', updated_at = updated_at`);
    await bench.insertExecution('e2', 'f2');
    expect(await cli('new', 'migrate', '--orphans=quarantine')).toMatchObject({
      exitCode: 0,
      applied: [
        'AddOperationalIndexes1795305602000',
        'AllowCancelledAsLastStatus1795305603000',
        'DropRedundantIndexes1795305604000',
        'KeepWhatPruneRemoved1795305605000',
        'KeepWhatDidNotRun1795305606000',
        'ServeMetrics1795305607000',
        'KeepWhatIsPaused1795305608000',
      ],
    });
    expect(await bench.quarantinedIds()).toEqual(['e2', 'f2']);
    expect(await bench.rows('sendense_flow_orphans', 'row_key')).toHaveLength(2);
    const left = expect.arrayContaining([
      expect.objectContaining({ table: flows, reason: 'parent-missing', sample: ['f2', 'f1'] }),
      expect.objectContaining({ table: executions, reason: 'parent-missing', sample: ['e2', 'e1'] }),
    ]) as unknown;
    expect(await cli('new', 'restore-orphans')).toMatchObject({ exitCode: 1, restored: {}, left });

    await createPolicy(database.session, { id: 'gone' });
    expect(await cli('new', 'restore-orphans')).toMatchObject({
      exitCode: 0,
      restored: { [flows]: 2, [executions]: 2 },
    });
    const policy = { policy_id: 'gone' };
    const counted = {
      total_executions: 1,
      last_execution_id: 'e2',
      last_execution_time: expect.any(Date) as Date,
    };
    expect(await bench.rows(flows)).toEqual(
      before.map((row) => ({ ...row, ...policy, ...(row.id === 'f2' && counted) })),
    );
    expect(await bench.ids(executions)).toEqual(['e1', 'e2']);
    expect(await bench.rows('sendense_flow_orphans', 'row_key')).toEqual([]);
    // f1 was restored as it was quarantined, with a run that no counter includes
    expect(await cli('new', 'recount')).toMatchObject({ exitCode: 0, recounted: [{ id: 'f1' }] });
    expect(await cli('new', 'verify')).toMatchObject({ exitCode: 0, verdict: 'proven' });
  });

  /** Rows of every type in tables of other programs, which the previous release quarantined with the executions they refer to. */
  async function quarantineNasty(): Promise<unknown[]> {
    expect(await cli('old', 'migrate')).toMatchObject({ exitCode: 0 });
    await bench.dropKey('fk_flows_policy');
    await bench.insertFlow('f', { policy_id: 'gone' });
    await bench.insertExecution('e', 'f');
    for (const name of ['memos', 'notes']) {
      await createNastyTable(database.connection, name, {
        type: 'varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL',
        clause: `FOREIGN KEY (parent) REFERENCES ${executions} (id) ON DELETE CASCADE`,
        of: () => 'e',
        questionMarks: name === 'notes',
      });
      // It stored only the word, which does not distinguish an error value from the member ''
      await database.session.query(`UPDATE ${name} SET kindOrNot = 'a', stamp = stamp`);
    }
    const before = await bench.checksums(flows, executions, 'memos', 'notes');
    expect(await cli('old', 'migrate', '--orphans=quarantine')).toMatchObject({ exitCode: 0 });
    expect(await bench.ids('notes')).toEqual([]);
    await createPolicy(database.session, { id: 'gone' });
    return before;
  }
  const all = { [flows]: 1, [executions]: 1, memos: nastyRows, notes: nastyRows };

  it('restore-orphans restores rows of every type byte for byte, also in tables of other programs', async () => {
    const before = await quarantineNasty();
    expect(await cli('new', 'restore-orphans')).toMatchObject({ exitCode: 0, restored: all, left: [] });
    expect(await bench.checksums(flows, executions, 'memos', 'notes')).toEqual(before);
  });

  it('restore-orphans also reads the later form of quarantined rows, with the word of an ENUM beside its number', async () => {
    const before = await quarantineNasty();
    for (const { id, columns } of await bench.rows('sendense_flow_orphans', 'id, `columns`')) {
      const row = (typeof columns === 'string' ? JSON.parse(columns) : columns) as Record<string, unknown>;
      const numbered = Object.entries(row).map(([name, value]) => {
        if (!/^kind(OrNot|Known|Far)?$/.test(name) || value === null) return [name, value];
        const word = typeof value === 'string' ? { text: value } : (value as { hex: string });
        const isError = Object.values(word)[0] === '' && name !== 'kind';
        return [name, { ...word, index: isError ? '0' : '1' }];
      });
      const sql = 'UPDATE sendense_flow_orphans SET `columns` = ? WHERE id = ?';
      await database.session.query(sql, [JSON.stringify(Object.fromEntries(numbered)), id]);
    }
    expect(await cli('new', 'restore-orphans')).toMatchObject({ exitCode: 0, restored: all, left: [] });
    expect(await bench.checksums(flows, executions, 'memos', 'notes')).toEqual(before);
  });

  it('restore-orphans keeps rows whose table is missing or changed, or that do not fit into one statement', async () => {
    await quarantineNasty();
    await database.session.query('DROP TABLE memos');
    await database.session.query(
      'ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1, DROP COLUMN flag, MODIFY small char(1)',
    );
    await database.session.query(
      `UPDATE sendense_flow_orphans SET \`columns\` = JSON_SET(\`columns\`, '$.error_message', REPEAT('é', @@max_allowed_packet / 4))
        WHERE table_name = '${executions}'`,
    );
    await database.session.query(
      "UPDATE sendense_flow_orphans SET `columns` = JSON_REMOVE(`columns`, '$.flag') WHERE row_key = '3'",
    );
    const { exitCode, restored, left } = (await cli('new', 'restore-orphans')) as Record<string, unknown>;
    expect({ exitCode, restored }).toEqual({ exitCode: 1, restored: { [flows]: 1 } });
    const reasons = (left as { table: string; reason: string }[]).map(
      ({ table, reason }) => `${table}: ${reason}`,
    );
    expect(reasons.sort()).toEqual([
      'memos: table-missing',
      'notes: columns-changed',
      'notes: refused',
      'protection_flow_executions: too-large',
    ]);
  });
});
