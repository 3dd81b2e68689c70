import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rollback } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { catalogDump } from '../../support/catalog-dump';
import { openDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { installInto, packInto } from '../../support/package-project';
import { packageFolder, runProgram, type ProgramEnd } from '../../support/run-program';
import { isTypeorm03 } from '../../support/typeorm-version';
import { migrationCount } from '../../support/migrations';

interface Cli {
  readonly program: string;
  readonly dataSource: string;
}

const tsNode: Cli = { program: 'typeorm/cli-ts-node-commonjs.js', dataSource: 'src/data-source.ts' };
/** With another TypeORM than the repository's own, the package is installed beside it. */
const compiled: Cli = {
  program: 'typeorm/cli.js',
  dataSource: isTypeorm03
    ? 'node_modules/@sendense/protection-flows/dist/data-source.js'
    : 'dist/data-source.js',
};

/** Registers hooks that make a database and the files that TypeORM's command line needs. */
function useCli({ program, dataSource }: Cli) {
  const database = useDatabase({ platform: 'mixed', name: `a-b ${program.length}`, per: 'all' });
  let cwd = packageFolder;

  beforeAll(async () => {
    if (!isTypeorm03) return;
    cwd = await mkdtemp(join(tmpdir(), 'pflows-typeorm-cli-'));
    await installInto(cwd, await packInto(cwd));
  });
  afterAll(async () => {
    if (cwd !== packageFolder) await rm(cwd, { recursive: true, force: true });
  });

  return {
    database,
    typeorm: (command: string, env: NodeJS.ProcessEnv = {}): Promise<ProgramEnd> =>
      runProgram(
        process.execPath,
        [join(cwd, 'node_modules', program), ...command.split(' '), '-d', dataSource],
        { cwd, env: { DATABASE_URL: database.url, ...env } },
      ),
    history: async (): Promise<unknown[]> =>
      (await select(database.session, 'SELECT name FROM sendense_flow_migrations ORDER BY id')).map(
        (row) => row.name,
      ),
  };
}

/** Guards that TypeORM's own command line, on the shared DataSource, works: from JavaScript, and from TypeScript. */
describe.each(isTypeorm03 ? [compiled] : [compiled, tsNode])("TypeORM's $program", (cli) => {
  const { typeorm, history } = useCli(cli);

  it('runs and shows the migrations, finds nothing to generate, and reverts them', async () => {
    const before = await typeorm('migration:show');
    expect(before.output).toContain('[ ] CreateProtectionFlowTables1795305600000');

    const run = await typeorm('migration:run -t all');
    expect(run).toMatchObject({ exitCode: 0 });
    expect(run.output).not.toContain('query failed');
    expect(run.output).toContain('DropRedundantIndexes1795305604000 has been executed successfully');
    expect(await history()).toHaveLength(migrationCount);
    expect((await typeorm('migration:show')).output).toMatch(/\[X\] \d+ DropRedundantIndexes/);

    const log = await typeorm('schema:log');
    expect(log).toMatchObject({ exitCode: 0 });
    expect(log.output).toContain('Your schema is up to date');

    expect(await typeorm('migration:revert')).toMatchObject({ exitCode: 0 });
    expect(await history()).toHaveLength(migrationCount - 1);
    expect(await typeorm('migration:run')).toMatchObject({ exitCode: 0 });
    expect(await history()).toHaveLength(migrationCount);
  }, 600_000);
});

/** Guards that TypeORM's command line does only what is safe: the DataSource refuses the rest. */
describe("TypeORM's command line", () => {
  const { database, typeorm, history } = useCli(compiled);

  it.each([
    ['schema:sync', 'SYNCHRONIZE_REFUSED'],
    ['schema:drop', 'DROP_REFUSED'],
    ['migration:run --fake', 'FAKE_REFUSED'],
    ['migration:revert --fake', 'FAKE_REFUSED'],
  ])('is refused %s, and nothing is changed', async (command, code) => {
    await typeorm('migration:run');
    const before = await catalogDump(database.session, /^$/);
    const refused = await typeorm(command);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain(code);
    expect(refused.output).not.toContain(database.settings.password);
    expect(await catalogDump(database.session, /^$/)).toEqual(before);
  });

  it('does not end with 0 if the server refuses a key', async () => {
    await typeorm('migration:run');
    await database.session.query(
      'ALTER TABLE protection_flow_executions DROP FOREIGN KEY fk_executions_flow',
    );
    await database.session.query(
      "INSERT INTO protection_flow_executions (id, flow_id, execution_type) VALUES ('orphan', 'gone', 'api')",
    );
    await typeorm('migration:revert');

    const run = await typeorm('migration:run');

    expect(run.exitCode).not.toBe(0);
    expect(run.output).toContain('KEYS_REFUSED');
    expect(run.output).toMatch(/FK_ORPHAN_ROWS.*fk_executions_flow/);
    expect(await history()).toHaveLength(migrationCount);
    await database.session.query("DELETE FROM protection_flow_executions WHERE id = 'orphan'");
    expect(await typeorm('migration:run')).toMatchObject({ exitCode: 0 });
  });

  it('reverts a table with rows only if the environment allows losing them', async () => {
    await typeorm('migration:run');
    // Reverts all migrations except the first, whose tables contain the row
    const shared = await openDataSource(database);
    await rollback(shared, { steps: (await history()).length - 1 }).finally(() => shared.destroy());
    await database.session.query(
      `INSERT INTO protection_flows (name, flow_type, target_type, target_id, destination_type)
     VALUES ('one', 'replication', 'vm', 'vm-1', 'ossea')`,
    );
    const refused = await typeorm('migration:revert');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toContain('ROLLBACK_WOULD_LOSE_ROWS');
    expect(await select(database.session, 'SELECT name FROM protection_flows')).toHaveLength(1);
    expect(await typeorm('migration:revert', { PROTECTION_FLOWS_DISCARD_ROWS: '1' })).toMatchObject({
      exitCode: 0,
    });
    expect(await select(database.session, "SHOW TABLES LIKE 'protection_flow%'")).toEqual([]);
  });
});
