import { ProtectionFlowsError } from '../../errors';
import { mayNot, readAccess, type Access } from '../preflight/access/read-access';
import { readCatalog, readTriggers, type Trigger } from '../schema/catalog/read-catalog';
import { alterSql, online } from '../schema/ddl';
import { sameExpression } from '../schema/expression';
import { guardedTables, type GuardColumn, type Guards, type GuardTrigger } from '../subject/parts';
import { named, type Column, type Index, type Schema } from '../schema/shape';
import { quoteName, type Queryable } from '../server/queryable';
import type { Database } from '../session/database';

/** One object of the guards, as it is in a database: what `guard --json` prints of it. */
export interface GuardResult {
  readonly kind: 'trigger' | 'column' | 'index';
  readonly table: string;
  readonly name: string;
  /** `altered`: one of that name is there, and is another. `unseen`: only the TRIGGER privilege shows triggers. */
  readonly status: 'present' | 'absent' | 'altered' | 'unseen';
  /** The account that a trigger works as, `user@host`; null for what is no trigger, or not there. */
  readonly definer: string | null;
}

/** The same with the SQL that makes it and takes it off. */
export interface GuardPart extends GuardResult {
  readonly create: string;
  readonly drop: string;
}

/** All of them in one word. `unseen`: the rest is there, and this user may not see triggers. */
export type GuardsState = 'absent' | 'installed' | 'partial' | 'altered' | 'unseen';

/** What is shown of a part. */
export const guardResultOf = ({ kind, table, name, status, definer }: GuardPart): GuardResult => ({
  kind,
  table,
  name,
  status,
  definer,
});

/** What the parts come to. Pure. */
export function guardsStateOf(parts: readonly Pick<GuardPart, 'status'>[]): GuardsState {
  const has = (status: GuardPart['status']): boolean => parts.some((part) => part.status === status);
  if (has('altered')) return 'altered';
  if (has('present')) return has('absent') ? 'partial' : has('unseen') ? 'unseen' : 'installed';
  return 'absent';
}

const columnSql = ({ name, type, expression }: GuardColumn): string =>
  `${quoteName(name)} ${type} GENERATED ALWAYS AS (${expression}) VIRTUAL INVISIBLE`;

type Sql = Pick<GuardPart, 'kind' | 'table' | 'name' | 'create' | 'drop'>;

/** Every object with the SQL that makes it and takes it off: each online, or in a moment. In the order of making. */
function objectsOf({ columns, triggers }: Guards): Sql[] {
  return [
    ...triggers.map(({ table, name, when, body }): Sql => ({
      ...{ kind: 'trigger', table, name },
      create: `CREATE TRIGGER ${quoteName(name)} ${when} ON ${quoteName(table)} FOR EACH ROW ${body}`,
      // The comment tells who waits for it, as everywhere, which table that is
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
 * Which of the guards' objects are there, and whether they are as declared, as far as this user sees.
 *
 * @param known the guarded tables as the caller has read them; by default they are read
 */
export async function readGuardParts(
  session: Queryable,
  { server, database }: Pick<Database, 'server' | 'database'>,
  guards: Guards,
  known?: Schema,
): Promise<GuardPart[]> {
  // MariaDB shows its name to those who may not see it
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

/** The same for a user who may not see the triggers of every table: the catalog just leaves out those. Pure. */
export const asSeenBy = (access: Access, parts: readonly GuardPart[]): GuardPart[] =>
  parts.map((part) => {
    const isUnseen = part.kind === 'trigger' && mayNot(access, 'TRIGGER', part.table);
    return part.status === 'absent' && isUnseen ? { ...part, status: 'unseen' } : part;
  });

/** The guards as far as they are there, of tables that may be read already; null where the subject declares none. */
export async function findGuards(
  database: Pick<Database, 'server' | 'database' | 'subject'>,
  session: Queryable,
  known?: Schema,
): Promise<{ state: GuardsState; parts: GuardPart[] } | null> {
  const { guards } = database.subject;
  if (guards === undefined) return null;
  const found = await readGuardParts(session, database, guards, known);
  // Who may see triggers matters only where something is there
  const isAbsent = guardsStateOf(found) === 'absent';
  const parts = isAbsent ? found : asSeenBy(await readAccess(session, database.server), found);
  return { state: guardsStateOf(parts), parts };
}

/** The refusal to undo migrations under guards, which the tables of before may not fit; null where there are none. */
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
