import { declaredSchema } from '../../../src/migrations';
import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import { select, type Queryable } from '../../../src/engine/server/queryable';
import type { ForeignKey, Table } from '../../../src/engine/schema/shape';
import { catalogDump, madeAtOnce } from '../../support/catalog-dump';
import { sharedServer } from '../../support/shared-server';
import { readRows, seedRows } from './rows';
import type { Start } from './start';

/** Makes the tables of a start, with rows. */
export async function make(session: Queryable, start: Start): Promise<void> {
  for (const sql of start.sql) await session.query(sql);
  await seedRows(session, start);
  for (const sql of start.then ?? []) await session.query(sql);
}

/** The key with RESTRICT for NO ACTION: the servers treat both alike. */
const carriedOut = (key: ForeignKey): ForeignKey => ({
  ...key,
  onDelete: key.onDelete === 'NO ACTION' ? 'RESTRICT' : key.onDelete,
  onUpdate: key.onUpdate === 'NO ACTION' ? 'RESTRICT' : key.onUpdate,
});

/** The declared parts of our two tables, as the catalog shows them. */
export async function declaredPart(session: Queryable): Promise<Record<string, Table>> {
  const live = await readCatalog(session, sharedServer(), [...declaredSchema.keys()]);
  return Object.fromEntries(
    [...live].map(([name, table]) => {
      const declared = declaredSchema.get(name);
      const only = <T extends { readonly name: string }>(
        all: readonly T[],
        kept: readonly { name: string }[] = [],
      ) =>
        all
          .filter((one) => kept.some((other) => other.name === one.name))
          .sort((one, other) => (one.name < other.name ? -1 : 1));
      // Only a column where a key starts can have a key that the server does not check
      const atKeys = (table.unguarded ?? []).filter((column) =>
        declared?.foreignKeys.some((key) => key.columns.includes(column)),
      );
      return [
        name,
        {
          ...table,
          unguarded: atKeys,
          columns: table.columns.filter((one) => declared?.columns.some((other) => other.name === one.name)),
          indexes: only(table.indexes, declared?.indexes),
          checks: only(table.checks, declared?.checks),
          foreignKeys: only(table.foreignKeys, declared?.foreignKeys).map(carriedOut),
        },
      ];
    }),
  );
}

/** The names of everything in our two tables that is not declared. */
export async function extrasIn(session: Queryable): Promise<string[]> {
  const live = await readCatalog(session, sharedServer(), [...declaredSchema.keys()]);
  return [...live.values()].flatMap((table) => {
    const declared = declaredSchema.get(table.name);
    return (['columns', 'indexes', 'checks', 'foreignKeys'] as const).flatMap((kind) =>
      table[kind]
        .map(({ name }) => name)
        .filter((name) => !declared?.[kind].some((one) => one.name === name)),
    );
  });
}

/** Everything that an adopt could change: the whole catalog, the rows of both tables, the history. */
export async function everything(session: Queryable): Promise<unknown> {
  const history = await select(session, "SHOW TABLES LIKE 'sendense_flow_migrations'");
  return {
    catalog: await catalogDump(session, madeAtOnce()),
    rows: await readRows(session),
    history: history.length > 0 ? await select(session, 'SELECT * FROM sendense_flow_migrations') : null,
  };
}
