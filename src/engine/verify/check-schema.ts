import { declareArguments } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { readEntries } from '../history/history';
import { readCatalog } from '../schema/catalog/read-catalog';
import { compareTable, describeDifference, type Difference } from '../schema/compare';
import { named } from '../schema/shape';
import { isTableMissing, quoteName, type Queryable } from '../server/queryable';
import { whereOf, type Where } from '../server/server';
import { guarded, withSession, type Database } from '../session/database';
import { declaredSchemaOf, ownTablesOf, type Subject } from '../subject/subject';

/**
 * Whether a schema fits this program. `fits`; `absent`: no migration has run; `behind`: some are pending; `ahead`: it has
 * migrations that this program does not know and that may break it; `differs`: its columns are not as declared.
 */
export type SchemaState = 'fits' | 'absent' | 'behind' | 'ahead' | 'differs';

/** Whether a program fits the schema of a database, as `check --json` prints it. */
export interface SchemaFit extends Where {
  /** True when the program can work on it: the state is `fits`. */
  readonly ok: boolean;
  readonly state: SchemaState;
  /** The state in a sentence. */
  readonly message: string;
  /** What is to be done; null where the program fits. */
  readonly remedy: string | null;
  /** Names of the migrations that are not recorded, or whose rollback is under way. */
  readonly pending: readonly string[];
  /** The migrations that this program does not know, with what they break; null where the history does not say it. */
  readonly unknown: readonly { readonly name: string; readonly breaking: false | string | null }[];
  /** Tables and columns that are not as declared; empty while a migration is pending, as they are not compared then. */
  readonly differences: readonly Difference[];
}

const assertCheck = declareArguments('checkSchema', { dataSource: guarded });

/** Null for ER_NO_SUCH_TABLE. Its callers SELECT from the table: the catalog leaves out what a user may not read. */
function nullWhereMissing(error: unknown): null {
  if (isTableMissing(error)) return null;
  throw error;
}

/**
 * Finds missing tables, views in their place, tables of another engine, and columns and primary keys that are not as
 * declared. Ignores collations: a program does not need them, and they depend on parents that its user may not read.
 */
async function findDifferences({ subject, server }: Database, session: Queryable): Promise<Difference[]> {
  const declared = declaredSchemaOf(subject);
  for (const name of declared.keys())
    await session.query(`SELECT * FROM ${quoteName(name)} LIMIT 0`).catch(nullWhereMissing);
  const live = await readCatalog(session, server, [...declared.keys()]);
  return [...declared.values()]
    .flatMap((table) => compareTable(declared, table, live))
    .filter(
      ({ object, property }) =>
        (object === 'column' && property !== 'charset' && property !== 'collation') ||
        object === 'primary-key' ||
        (object === 'table' && (property === 'presence' || property === 'engine')),
    );
}

type Read = Pick<SchemaFit, 'pending' | 'unknown' | 'differences'>;

function judge(
  { command, package: name }: Subject,
  isThere: boolean,
  { pending, unknown, differences }: Read,
): Pick<SchemaFit, 'state' | 'message' | 'remedy'> {
  const names = unknown.map((one) => one.name).join(', ');
  const harmful = unknown.filter(({ breaking }) => breaking !== false);
  if (harmful.length > 0) {
    const why = harmful.map(({ breaking }) => breaking ?? 'nothing says that older programs can work on it');
    return {
      state: 'ahead',
      message: `the schema is newer than this program, which does not know ${names}: ${[...new Set(why)].join('; ')}`,
      remedy: `Use the version of ${name} that made it, or a newer one.`,
    };
  }
  if (pending.length > 0)
    return {
      state: isThere ? 'behind' : 'absent',
      message: isThere
        ? `the schema is older than this program; pending: ${pending.join(', ')}`
        : 'the schema is not there: no migration has run in this database',
      remedy: `${command} migrate`,
    };
  if (differences.length > 0)
    return {
      state: 'differs',
      message: `the schema is not as declared: ${differences.map(describeDifference).join('; ')}`,
      remedy: `${command} verify`,
    };
  const newer = names && `, which is newer: ${names} breaks no older program`;
  return { state: 'fits', message: `this program fits the schema${newer}`, remedy: null };
}

/**
 * Says whether this program fits the schema of a database: every migration that it knows is recorded, those that it does not
 * know break no older program, and tables and columns are as declared. Needs SELECT on the tables alone, and writes nothing.
 * `verify` proves that the schema also behaves.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; PRIVILEGE_MISSING where a table may not be read;
 * CONNECTION_LOST
 */
export async function checkSchema(dataSource: Database): Promise<SchemaFit> {
  assertCheck({ dataSource });
  const { subject } = dataSource;
  return withSession(dataSource, async (session) => {
    // The history first: a migrate records a migration after its last change
    const history = (await readEntries(session, ownTablesOf(subject).history).catch(nullWhereMissing)) ?? [];
    const applied = history.filter(({ reverting }) => !reverting);
    const pending = subject.migrations.map(({ name }) => name).filter((name) => !named(applied, name));
    const unknown = history
      .filter(({ name }) => !named(subject.migrations, name))
      .map(({ name, breaking }) => ({ name, breaking }));
    const differences = pending.length > 0 ? [] : await findDifferences(dataSource, session);
    const read = { pending, unknown, differences };
    const judgement = judge(subject, history.length > 0, read);
    return { ok: judgement.state === 'fits', ...judgement, ...whereOf(dataSource), ...read };
  });
}

/** The error for a schema that a program does not fit. */
export function schemaUnfit({ message, remedy, ...fit }: SchemaFit): ProtectionFlowsError {
  const { state, pending, unknown, differences } = fit;
  const details = { state, pending, unknown, differences };
  return new ProtectionFlowsError('SCHEMA_UNFIT', { message, remedy: remedy ?? '', details });
}
