import { readIncomingKeys } from '../schema/catalog/read-incoming-keys';
import type { Queryable } from '../server/queryable';
import type { Owner } from './context';
import { labelOf, readRowTable, type Reference, type RowTable, type TableName } from './rows';

/** A foreign key by which rows of a table hang on those of another. */
export interface Dependency {
  readonly key: string;
  /** The table whose rows hang. */
  readonly table: RowTable;
  readonly reference: Reference;
  /** Why its rows do not go with those they hang on; null where they do: by a declared key with ON DELETE CASCADE. */
  readonly blocks: string | null;
}

/** The dependencies of every table that is reached from one, by label; that one among them. */
export type Dependencies = ReadonlyMap<string, readonly Dependency[]>;

/** A foreign key that ends at the parent, live or declared. */
interface Hanging {
  readonly key: string;
  readonly table: TableName;
  readonly columns: readonly (readonly [child: string, parent: string])[];
  readonly blocks: string | null;
}

/** The declared keys that end at the table: what hangs by them goes by their rule, be they there or not. */
const declaredKeys = ({ declared }: Owner, parent: RowTable): Hanging[] =>
  [...declared.values()].flatMap(({ name, foreignKeys }) =>
    foreignKeys
      .filter(({ parentTable }) => parentTable === parent.name)
      .map(({ name: key, columns, parentColumns, onDelete }) => ({
        key,
        table: { database: null, name },
        columns: columns.map((column, at) => [column, parentColumns[at] ?? ''] as const),
        blocks: onDelete === 'CASCADE' ? null : `ON DELETE ${onDelete}`,
      })),
  );

const startAndEnd = ({ table, columns }: Hanging): string => JSON.stringify([table, columns]);

async function readDependenciesOf(session: Queryable, owner: Owner, parent: RowTable): Promise<Dependency[]> {
  const declared = declaredKeys(owner, parent);
  const known = declared.map(startAndEnd);
  const live = (await readIncomingKeys(session, [parent.name])).map(
    ({ name: key, database, table: name, columns }): Hanging => ({
      ...{ key, columns, blocks: 'a key of others' },
      table: { database, name },
    }),
  );
  const others = live.filter((key) => !known.includes(startAndEnd(key)));
  const found: Dependency[] = [];
  for (const { key, table: at, columns, blocks } of [...declared, ...others]) {
    const table = labelOf(at) === parent.label ? parent : await readRowTable(session, parent.flavour, at);
    if (table === null) continue;
    const reference = columns.flatMap(([child, column]) => {
      const from = table.columns.find(({ name }) => name === child);
      const to = parent.columns.find(({ name }) => name === column);
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    });
    const noKey = table.primaryKey.length === 0 ? `${table.label} has no primary key` : null;
    if (reference.length > 0) found.push({ key, table, reference, blocks: blocks ?? noKey });
  }
  return found;
}

/**
 * Reads every foreign key, of all databases, by which rows hang on a table's rows, on theirs in turn, and so on along
 * the declared keys. What this account may not see is not found.
 */
export async function readDependencies(
  session: Queryable,
  owner: Owner,
  table: RowTable,
): Promise<Dependencies> {
  const found = new Map<string, Dependency[]>();
  const ahead = [table];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (found.has(next.label)) continue;
    const dependencies = await readDependenciesOf(session, owner, next);
    found.set(next.label, dependencies);
    ahead.push(...dependencies.filter(({ blocks }) => blocks === null).map((one) => one.table));
  }
  return found;
}
