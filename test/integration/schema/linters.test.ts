import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { adopt } from '../../../src/engine/adopt';
import { migrate } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { ensureLeaseTable } from '../../../src/engine/session/lease-table';
import { ensureQuarantine } from '../../../src/engine/orphans/quarantine-table';
import { readRowTable } from '../../../src/engine/orphans/rows';
import { owner } from '../../../src/migrations';
import { sharedServer } from '../../support/shared-server';
import { useDatabase, type TestDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { temporaryFolder } from '../../support/temporary-folder';
import { plain } from '../adopt/platform-ddl';

const run = promisify(execFile);
const folder = temporaryFolder();
const isInstalled = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((path) => path !== '' && existsSync(join(path, program)));

const ours = ['protection_flows', 'protection_flow_executions'];
const quarantines = ours.map((table) => `sendense_flow_orphans_${table}`);
const all = [...ours, 'sendense_flow_migrations', 'sendense_flow_lock', ...quarantines];

/** The complaints of a linter about our tables, and whether it has examined them. */
type Linter = (database: TestDatabase) => Promise<{ readonly complaints: string; readonly looked: unknown }>;

/** The linter of Percona, which finds redundant indexes. */
async function ptDuplicateKeyChecker({ settings }: TestDatabase): ReturnType<Linter> {
  const { stdout } = await run('pt-duplicate-key-checker', [
    ...['--host', settings.host, '--port', String(settings.port)],
    ...['--user', settings.username, '--password', settings.password ?? ''],
    ...['--databases', settings.database ?? '', '--tables', all.join(',')],
  ]);
  const said = stdout.split('\n').filter((line) => !/^#|^\s*$/.test(line));
  return { complaints: said.join('\n'), looked: Number(/Total Indexes\s+(\d+)/.exec(stdout)?.[1]) > 15 };
}

/** Skeema with its default rules. It reads the definitions from the server, and examines copies of the tables. */
async function skeema({ name, settings }: TestDatabase): ReturnType<Linter> {
  const options = { env: { ...process.env, MYSQL_PWD: settings.password ?? '' } };
  const at = join(folder, name);
  const server = ['-h', settings.host, '-P', String(settings.port), '-u', settings.username];
  await run('skeema', ['init', ...server, '--schema', name, '-d', name], { ...options, cwd: folder });
  const files = (await readdir(at)).map((file) => file.replace(/\.sql$/, ''));
  const others = files.filter((table) => !all.includes(table) && table !== '.skeema');
  const lint = ['lint', '--skip-format', '--temp-schema', `${name}_lint`];
  const ignore = `^(${others.join('|')})$`;
  const { stdout, stderr } = await run('skeema', [...lint, '--ignore-table', ignore], {
    ...options,
    cwd: at,
  }).catch((error: unknown) => error as { stdout: string; stderr: string });
  const said = `${stdout}${stderr}`.split('\n').filter((line) => !/\[INFO\]|^\s*$/.test(line));
  return { complaints: said.join('\n'), looked: all.every((table) => files.includes(table)) };
}

const linters: Readonly<Record<string, Linter>> = {
  'pt-duplicate-key-checker': ptDuplicateKeyChecker,
  skeema,
};

/** The ways to make our tables. */
const ways: Readonly<Record<string, (dataSource: ProtectionFlowsDataSource) => Promise<unknown>>> = {
  migrate,
  adopt: async (dataSource) => {
    for (const sql of plain()) await dataSource.query(sql);
    await adopt(dataSource, { repair: true });
  },
};

/** Guards against faults that linters find: redundant indexes, and ids that run out early. */
describe.each(Object.entries(ways))('the tables after %s', (_way, make) => {
  const database = useDatabase({ platform: 'mixed' });
  const dataSource = useDataSource(database, { migrated: false });
  beforeAll(async () => {
    await make(dataSource());
    await ensureLeaseTable(database.session, 'sendense_flow_lock');
    const { session } = database;
    const server = sharedServer();
    const execute = async (sql: string) => void (await session.query(sql));
    for (const name of ours) {
      const table = await readRowTable(session, server.flavour, { database: null, name });
      await ensureQuarantine({ session, server, owner, execute }, table!);
    }
  });

  for (const [program, lint] of Object.entries(linters)) {
    const test = isInstalled(program) ? it : it.skip;
    const reason = isInstalled(program) ? '' : ' (not installed here: npm run setup:engines installs it)';
    test(`pass ${program} without a complaint${reason}`, async () => {
      expect(await lint(database)).toEqual({ complaints: '', looked: true });
    });
  }
});
