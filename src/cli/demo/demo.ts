import { isProtectionFlowsError } from '../../errors';
import { migrate } from '../../engine/migrate/migrate';
import { rollback } from '../../engine/migrate/rollback';
import { quoteName, select, type Queryable } from '../../engine/server/queryable';
import { verify } from '../../engine/verify';
import { migrateOutput } from '../output/migrate';
import type { Reporter } from '../output/reporter';
import { rollbackOutput } from '../output/rollback';
import type { Style } from '../output/style';
import { tableText } from '../output/table';
import { verifyOutput } from '../output/verify';
import { platformFingerprint, withDemoDatabase, writeRows, type DemoDatabase } from './demo-database';

/** Reads tables, row counts and foreign keys with statements that a user would type. */
async function readFacts(client: Queryable) {
  const names = (await select(client, "SHOW TABLES LIKE 'protection_flow%'")).flatMap((row) =>
    Object.values(row),
  );
  const tables = [];
  for (const name of names.map(String).sort((one, other) => one.length - other.length)) {
    const [row] = await select(client, `SELECT COUNT(*) AS n FROM ${quoteName(name)}`);
    tables.push({ name, rows: Number(row?.n) });
  }
  const keys = await select<Readonly<Record<'name' | 'from' | 'to' | 'onDelete', string>>>(
    client,
    `SELECT r.CONSTRAINT_NAME AS name, CONCAT(k.TABLE_NAME, '.', k.COLUMN_NAME) AS \`from\`,
            CONCAT(k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME) AS \`to\`, r.DELETE_RULE AS onDelete
       FROM information_schema.REFERENTIAL_CONSTRAINTS r
       JOIN information_schema.KEY_COLUMN_USAGE k
         ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME
      WHERE r.CONSTRAINT_SCHEMA = DATABASE() AND r.TABLE_NAME LIKE 'protection\\_flow%'
      ORDER BY r.CONSTRAINT_NAME`,
  );
  return { tables, keys };
}

const factsText = ({ tables, keys }: Awaited<ReturnType<typeof readFacts>>, style: Style): string[] => [
  ...tableText(
    {
      columns: [{ title: 'Table' }, { title: 'Rows', align: 'right' }],
      rows: tables.map(({ name, rows }) => [name, String(rows)]),
    },
    style,
  ),
  '',
  ...tableText(
    {
      columns: [{ title: 'Foreign key' }, { title: 'From → to', elastic: true }, { title: 'On delete' }],
      rows: keys.map(({ name, from, to, onDelete }) => [name, `${from} → ${to}`, onDelete]),
    },
    style,
  ),
];

async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (isProtectionFlowsError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Returns the function that prints the next part of the demonstration, with its number. */
function storyOn(reporter: Reporter): (title: string, text: readonly string[]) => void {
  const { bold, cyan } = reporter.style;
  let part = 0;
  return (title, text) => {
    part += 1;
    reporter.lines(['', bold(cyan(`${part}. ${title}`)), '', ...text]);
  };
}

/** Does every part of the demonstration. Returns its result, as `demo --json` prints it; `ok` if every part succeeded. */
async function demonstrate(database: DemoDatabase, reporter: Reporter, signal: AbortSignal) {
  const { client, dataSource, server } = database;
  const { style, progress: onProgress } = reporter;
  const tell = storyOn(reporter);
  tell("A private server with the platform's tables", [
    `${server.flavour} ${server.version} on 127.0.0.1:${server.port}, database ${dataSource.database}`,
    'in mixed collations, as in the field: schedules utf8mb4_general_ci,',
    'repositories and policies utf8mb4_unicode_ci',
  ]);
  const before = await platformFingerprint(client);

  const migrated = await migrate(dataSource, { onProgress, signal });
  tell('Migrate', migrateOutput.text(migrated, style));

  await writeRows(database);
  const facts = await readFacts(client);
  tell('What is there now, after writing some flows and executions', factsText(facts, style));

  const proof = await verify(dataSource);
  tell('Verify: it exists, and it behaves', verifyOutput.text(proof, style));

  const refusedBy = await refusalOf(rollback(dataSource, { steps: 'all', discardRows: false, signal }));
  tell('A rollback loses no row unasked', [refusedBy ?? 'it was not refused']);

  const undone = await rollback(dataSource, { steps: 'all', discardRows: true, onProgress, signal });
  tell('Roll back, and let the rows go', rollbackOutput.text(undone, style));

  const { tables } = await readFacts(client);
  const { verdict } = await verify(dataSource);
  const after = await platformFingerprint(client);
  const platformUnchanged = JSON.stringify(before) === JSON.stringify(after);
  tell('What is left', [
    `${tables.length} tables named protection_flow%; verify says ${verdict}`,
    `the platform's ${Object.keys(before).length} tables, definition and checksum: ${platformUnchanged ? 'unchanged' : 'CHANGED'}`,
  ]);
  const ok =
    migrated.ok &&
    proof.ok &&
    facts.tables.length === 2 &&
    facts.keys.length === 5 &&
    (refusedBy?.startsWith('ROLLBACK_WOULD_LOSE_ROWS') ?? false) &&
    tables.length === 0 &&
    verdict === 'never-ran' &&
    platformUnchanged;
  return {
    ...{ ok, migrate: migrated, database: facts, verify: proof, refusedBy, rollback: undone },
    afterRollback: { tables: tables.length, verdict, platformUnchanged },
  };
}

/** Runs and prints the demonstration. True if every part succeeded. */
export async function runDemo(reporter: Reporter, signal: AbortSignal): Promise<boolean> {
  const result = await withDemoDatabase((database) => demonstrate(database, reporter, signal));
  const { green, red } = reporter.style;
  reporter.result(result, () => [
    '',
    result.ok ? green('Everything went as it should.') : red('Something did not go as it should: see above.'),
  ]);
  return result.ok;
}
