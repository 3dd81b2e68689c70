import { catalogRows } from '../server/catalog-rows';
import { marks, quoteName, select, type Queryable } from '../server/queryable';
import { inOrder } from './catalog/scope';
import { sameExpression } from './expression';
import { unique } from './declare';
import type { ProbeValues } from './probes';
import { withTable, type Schema } from './shape';

/** An invisible column that the server computes, and the unique index on it: no two rows may have the same value. */
export interface GuardColumn {
  readonly table: string;
  readonly name: string;
  /** As in a declaration: `varchar(64)`. */
  readonly type: string;
  /** What it is computed from, as SQL; NULL for the rows that may be there any number of times. */
  readonly expression: string;
  /** The name of the unique index. */
  readonly index: string;
  /** What makes a row one of those that may be there once; verify tries two of them. */
  readonly row: ProbeValues;
  /** How rows that share a value come to differ: what is done in one sentence, and the statements. */
  readonly repair: { readonly title: string; readonly statements: readonly string[] };
}

/** A trigger. */
export interface GuardTrigger {
  readonly table: string;
  /** Unique in the database. */
  readonly name: string;
  readonly when: `${'BEFORE' | 'AFTER'} ${'INSERT' | 'UPDATE' | 'DELETE'}`;
  /** Its statement: `BEGIN … END`. */
  readonly body: string;
}

/**
 * What may be added to a subject's tables so that programs which know nothing of it can write them without harm. They
 * are no part of the declared schema: somebody installs them, and removes them.
 */
export interface Guards {
  /** The user variable that is not NULL in the subject's own sessions, which the triggers let through: `@shop_writer`. */
  readonly mark: string;
  readonly columns: readonly GuardColumn[];
  /** In the order in which they are made; taken off the other way round. */
  readonly triggers: readonly GuardTrigger[];
}

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

/** What the parts come to. Pure. */
export function guardsStateOf(parts: readonly Pick<GuardPart, 'status'>[]): GuardsState {
  const has = (status: GuardPart['status']): boolean => parts.some((part) => part.status === status);
  if (has('altered')) return 'altered';
  if (has('present')) return has('absent') ? 'partial' : has('unseen') ? 'unseen' : 'installed';
  return 'absent';
}

/** The tables that guards are put on. */
export const guardedTables = ({ columns, triggers }: Guards): string[] => [
  ...new Set([...triggers, ...columns].map(({ table }) => table)),
];

/** The declared schema, in which the indexes of the guards are no fault where they are there. */
export function allowingGuards(schema: Schema, guards: Guards | undefined): Schema {
  return (guards?.columns ?? []).reduce(
    (all, { table, index, name }) =>
      withTable(all, table, (shape) => ({
        ...shape,
        allowed: [...(shape.allowed ?? []), unique(index, name)],
      })),
    schema,
  );
}

const alter = (table: string, change: string, how = ''): string =>
  `ALTER TABLE ${quoteName(table)} ${change}${how}`;

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
      const added = `ADD UNIQUE INDEX ${quoteName(index)} (${quoteName(name)})`;
      return [
        {
          ...{ kind: 'column', table, name },
          create: alter(table, `ADD COLUMN ${columnSql(column)}`, ', ALGORITHM=INSTANT'),
          drop: alter(table, `DROP COLUMN ${quoteName(name)}`),
        },
        {
          ...{ kind: 'index', table, name: index },
          create: alter(table, added, ', ALGORITHM=INPLACE, LOCK=NONE'),
          drop: alter(table, `DROP INDEX ${quoteName(index)}`, ', ALGORITHM=INPLACE, LOCK=NONE'),
        },
      ];
    }),
  ];
}

interface TriggerRow {
  readonly name: string;
  readonly table: string;
  readonly when: string;
  readonly body: string | null;
  readonly definer: string | null;
}

interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly extra: string;
  readonly expression: string | null;
}

interface IndexRow {
  readonly table: string;
  readonly name: string;
  readonly column: string | null;
  readonly position: number | string;
  readonly nonUnique: number | string;
}

const isTrigger = (wanted: GuardTrigger, live: TriggerRow): boolean =>
  live.table === wanted.table && live.when === wanted.when && live.body?.trim() === wanted.body.trim();

const isColumn = (wanted: GuardColumn, live: ColumnRow): boolean =>
  live.type === wanted.type &&
  /virtual generated/i.test(live.extra) &&
  /invisible/i.test(live.extra) &&
  sameExpression(live.expression ?? '', wanted.expression);

const isIndex = (wanted: GuardColumn, live: readonly IndexRow[]): boolean =>
  live.length === 1 && live.every((row) => row.column === wanted.name && Number(row.nonUnique) === 0);

/**
 * Reads which of the guards' objects are there, and whether they are as declared.
 *
 * @param maySee whether this user sees the triggers of a table; the catalog just leaves out those of others
 */
export async function readGuardParts(
  session: Queryable,
  guards: Guards,
  maySee: (table: string) => boolean,
): Promise<GuardPart[]> {
  const tables = guardedTables(guards);
  const triggers = await catalogRows<TriggerRow>(
    session,
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS \`table\`, CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION) AS \`when\`,
            ACTION_STATEMENT AS body, DEFINER AS definer
       FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()`,
  );
  const columns = await catalogRows<ColumnRow>(
    session,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_TYPE AS type, EXTRA AS extra, GENERATION_EXPRESSION AS expression
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${marks(tables)})`,
    tables,
  );
  const indexes = await catalogRows<IndexRow>(
    session,
    `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS name, COLUMN_NAME AS \`column\`, SEQ_IN_INDEX AS position, NON_UNIQUE AS nonUnique
       FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${marks(tables)})`,
    tables,
  );
  const at = ({ kind, table, name }: Sql): { isThere: boolean; isSame: boolean; definer: string | null } => {
    if (kind === 'trigger') {
      const wanted = guards.triggers.find((one) => one.name === name)!;
      // MariaDB shows its name to those who may not see it
      const live = triggers.find((one) => one.name === name && one.body !== null);
      const isSame = live !== undefined && isTrigger(wanted, live);
      return { isThere: live !== undefined, isSame, definer: live?.definer ?? null };
    }
    const wanted = guards.columns.find((one) => one.table === table && [one.name, one.index].includes(name))!;
    if (kind === 'column') {
      const live = columns.find((one) => one.table === table && one.name === name);
      return {
        isThere: live !== undefined,
        isSame: live !== undefined && isColumn(wanted, live),
        definer: null,
      };
    }
    const live = indexes.filter((one) => one.table === table && one.name === name);
    return { isThere: live.length > 0, isSame: isIndex(wanted, live), definer: null };
  };
  return objectsOf(guards).map((object) => {
    const { isThere, isSame, definer } = at(object);
    const unseen = object.kind === 'trigger' && !maySee(object.table) ? 'unseen' : 'absent';
    return { ...object, definer, status: isThere ? (isSame ? 'present' : 'altered') : unseen };
  });
}

/** Rows that share a value of a guard's column, so that its unique index can't be made. */
export interface SharedValue {
  readonly value: string;
  /** Their primary keys, up to ten. */
  readonly rows: readonly string[];
}

const sharedShown = 20;

/** The values that rows share, up to twenty of them, by what the column will be computed from. */
export async function readSharedValues(
  session: Queryable,
  { table, expression }: GuardColumn,
  primaryKey: string,
): Promise<SharedValue[]> {
  const found = await select<{ value: string; ids: string }>(
    session,
    `SELECT v AS value, GROUP_CONCAT(k ORDER BY k SEPARATOR '\\n') AS ids
       FROM (SELECT (${expression}) AS v, ${quoteName(primaryKey)} AS k FROM ${quoteName(table)}) AS some
      WHERE v IS NOT NULL GROUP BY v HAVING COUNT(*) > 1 LIMIT ${sharedShown}`,
  );
  return inOrder(
    found.map(({ value, ids }) => ({ value, rows: ids.split('\n').slice(0, 10) })),
    ({ value }) => value,
  ).slice();
}
