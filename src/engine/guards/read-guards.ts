import { ProtectionFlowsError } from '../../errors';
import { mayNot, readAccess, type Access } from '../preflight/access/read-access';
import { readCatalog, readTriggers, type Trigger } from '../schema/catalog/read-catalog';
import { alterSql, online } from '../schema/ddl';
import { sameExpression } from '../schema/expression';
import { guardedTables, type GuardColumn, type Guards, type GuardTrigger } from '../subject/parts';
import { named, type Column, type Index, type Schema } from '../schema/shape';
import { quoteName, type Queryable } from '../server/queryable';
import type { Database } from '../session/database';

/** One object of the guards in a database, as `guard --json` prints it. */
export interface GuardResult {
  readonly kind: 'trigger' | 'column' | 'index';
  readonly table: string;
  readonly name: string;
  /** `altered`: another object has its name. `unseen`: the user lacks the TRIGGER privilege, which shows triggers. */
  readonly status: 'present' | 'absent' | 'altered' | 'unseen';
  /** The account that a trigger runs as, `user@host`; null for other objects, and where it is absent. */
  readonly definer: string | null;
}

/** The same with the SQL that creates and drops it. */
export interface GuardPart extends GuardResult {
  readonly create: string;
  readonly drop: string;
}

/** The state of all objects. `unseen`: the others exist, but this user may not see triggers. */
export type GuardsState = 'absent' | 'installed' | 'partial' | 'altered' | 'unseen';

/** The part without its SQL. */
export const guardResultOf = ({ kind, table, name, status, definer }: GuardPart): GuardResult => ({
  kind,
  table,
  name,
  status,
  definer,
});

/** Sums up the parts' states. Pure. */
export function guardsStateOf(parts: readonly Pick<GuardPart, 'status'>[]): GuardsState {
  const has = (status: GuardPart['status']): boolean => parts.some((part) => part.status === status);
  if (has('altered')) return 'altered';
  if (has('present')) return has('absent') ? 'partial' : has('unseen') ? 'unseen' : 'installed';
  return 'absent';
}

const columnSql = ({ name, type, expression }: GuardColumn): string =>
  `${quoteName(name)} ${type} GENERATED ALWAYS AS (${expression}) VIRTUAL INVISIBLE`;

type Sql = Pick<GuardPart, 'kind' | 'table' | 'name' | 'create' | 'drop'>;

/** Every object with the SQL that creates and drops it, online or at once. In the order of creation. */
function objectsOf({ columns, triggers }: Guards): Sql[] {
  return [
    ...triggers.map(({ table, name, when, body }): Sql => ({
      ...{ kind: 'trigger', table, name },
      create: `CREATE TRIGGER ${quoteName(name)} ${when} ON ${quoteName(table)} FOR EACH ROW ${body}`,
      // The comment names the table, for the search for its holders
      drop: `DROP TRIGGER IF EXISTS ${quoteName(name)} /* of TABLE ${quoteName(table)} */`,
    })),
    ...columns.flatMap((column): Sql[] => {
      const { table, name, index } = column;
      return [
        {
          ...{ kind: 'column', table, name },
          create: alterSql(table, `ADD COLUMN ${columnSql(column)}`, 'ALGORITHM=INSTANT'),
          drop: alterSql(table, `DROP COLUMN ${quoteName(name)}`),
        },
        {
          ...{ kind: 'index', table, name: index },
          create: alterSql(table, `ADD UNIQUE INDEX ${quoteName(index)} (${quoteName(name)})`, online),
          drop: alterSql(table, `DROP INDEX ${quoteName(index)}`, online),
        },
      ];
    }),
  ];
}

const isTrigger = (wanted: GuardTrigger, live: Trigger): boolean =>
  live.table === wanted.table && live.when === wanted.when && live.text?.trim() === wanted.body.trim();

const isColumn = (wanted: GuardColumn, live: Column): boolean =>
  live.type === wanted.type &&
  /virtual generated/.test(live.extra) &&
  /invisible/.test(live.extra) &&
  sameExpression(live.generated ?? '', wanted.expression);

const isIndex = (wanted: GuardColumn, { columns, unique }: Index): boolean =>
  unique && columns.length === 1 && columns[0]?.name === wanted.name;

/**
 * Reads which of the guards' objects exist, and whether they are as declared, as far as this user may see them.
 *
 * @param known the guarded tables as the caller has read them; by default they are read
 */
export async function readGuardParts(
  session: Queryable,
  { server, database }: Pick<Database, 'server' | 'database'>,
  guards: Guards,
  known?: Schema,
): Promise<GuardPart[]> {
  // MariaDB shows a trigger's name, but not its text, to a user without the privilege
  const triggers = (await readTriggers(session, database)).filter(({ text }) => text !== null);
  const live = known ?? (await readCatalog(session, server, guardedTables(guards)));
  const ofTriggers = guards.triggers.map((wanted) => {
    const found = named(triggers, wanted.name);
    return { isSame: found && isTrigger(wanted, found), definer: found?.definer ?? null };
  });
  const ofColumns = guards.columns.flatMap((wanted) => {
    const { columns = [], indexes = [] } = live.get(wanted.table) ?? {};
    const [column, index] = [named(columns, wanted.name), named(indexes, wanted.index)];
    return [
      { isSame: column && isColumn(wanted, column), definer: null },
      { isSame: index && isIndex(wanted, index), definer: null },
    ];
  });
  const found = [...ofTriggers, ...ofColumns];
  return objectsOf(guards).map((object, at) => {
    const { isSame, definer = null } = found[at] ?? {};
    return { ...object, definer, status: isSame === undefined ? 'absent' : isSame ? 'present' : 'altered' };
  });
}

/** Marks absent triggers as `unseen` where the user may not see them: the catalog leaves these out. Pure. */
export const asSeenBy = (access: Access, parts: readonly GuardPart[]): GuardPart[] =>
  parts.map((part) => {
    const isUnseen = part.kind === 'trigger' && mayNot(access, 'TRIGGER', part.table);
    return part.status === 'absent' && isUnseen ? { ...part, status: 'unseen' } : part;
  });

/** Reads the guards and their state, of tables that the caller may have read already; null where the subject declares none. */
export async function findGuards(
  database: Pick<Database, 'server' | 'database' | 'subject'>,
  session: Queryable,
  known?: Schema,
): Promise<{ state: GuardsState; parts: GuardPart[] } | null> {
  const { guards } = database.subject;
  if (guards === undefined) return null;
  const found = await readGuardParts(session, database, guards, known);
  // Privileges matter only where some object exists
  const isAbsent = guardsStateOf(found) === 'absent';
  const parts = isAbsent ? found : asSeenBy(await readAccess(session, database.server), found);
  return { state: guardsStateOf(parts), parts };
}

/** Refuses to undo migrations while guards are installed, which may not fit the earlier tables; null where there are none. */
export async function guardsInstalled(
  database: Pick<Database, 'server' | 'database' | 'subject'>,
  session: Queryable,
): Promise<ProtectionFlowsError | null> {
  const found = await findGuards(database, session);
  const parts = found?.parts.filter(({ status }) => status === 'present' || status === 'altered') ?? [];
  if (parts.length === 0) return null;
  return new ProtectionFlowsError('GUARDS_INSTALLED', {
    message: `guards are installed on the tables: ${parts.map(({ name }) => name).join(', ')}`,
    remedy: `Stop the programs that they protect against, then: ${database.subject.command} guard remove`,
    details: { parts: parts.map(({ kind, table, name }) => ({ kind, table, name })) },
  });
}
