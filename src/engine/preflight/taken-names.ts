import { catalogRows, type Queryable, marks } from '../server/queryable';
import { readCatalog } from '../schema/catalog/read-catalog';
import type { Server } from '../server/server';
import { named, type Check, type ForeignKey } from '../schema/shape';

/** A constraint of another table with a name that migrate has to use. */
export interface TakenName {
  readonly name: string;
  readonly takenBy: string;
  readonly object: { readonly foreignKey: ForeignKey } | { readonly check: Check };
}

/** A constraint that migrate has to make, and its table. */
export interface WantedName {
  readonly name: string;
  readonly table: string;
  readonly kind: 'foreign-key' | 'check';
}

/** The query for names of a kind. Null for MariaDB's CHECKs, whose names are unique per table only. */
function lookUp(server: Server, kind: WantedName['kind']): string | null {
  if (kind === 'foreign-key') {
    return `SELECT DISTINCT CONSTRAINT_NAME AS name, TABLE_NAME AS \`table\`
      FROM information_schema.KEY_COLUMN_USAGE
     WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL AND CONSTRAINT_NAME IN `;
  }
  if (server.flavour === 'mariadb') return null;
  return `SELECT CONSTRAINT_NAME AS name, TABLE_NAME AS \`table\` FROM information_schema.TABLE_CONSTRAINTS
     WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'CHECK' AND CONSTRAINT_NAME IN `;
}

/**
 * Finds names that other tables use. A foreign key's name is unique in its database, on MySQL also a CHECK's. A renamed table
 * keeps its constraints' names.
 */
export async function readTakenNames(
  session: Queryable,
  server: Server,
  wanted: readonly WantedName[],
): Promise<TakenName[]> {
  const taken: TakenName[] = [];
  for (const kind of ['foreign-key', 'check'] as const) {
    const ofKind = wanted.filter((one) => one.kind === kind);
    const sql = lookUp(server, kind);
    if (sql === null || ofKind.length === 0) continue;
    const rows = await catalogRows<{ name: string; table: string }>(
      session,
      `${sql}(${marks(ofKind)}) ORDER BY CONSTRAINT_NAME, TABLE_NAME`,
      ofKind.map(({ name }) => name),
    );
    const others = rows.filter((row) =>
      ofKind.some((one) => one.name === row.name && one.table !== row.table),
    );
    const tables = await readCatalog(session, server, [...new Set(others.map((row) => row.table))]);
    for (const { name, table: takenBy } of others) {
      const table = tables.get(takenBy);
      const foreignKey = named(table?.foreignKeys ?? [], name);
      const check = named(table?.checks ?? [], name);
      if (kind === 'foreign-key' && foreignKey) taken.push({ name, takenBy, object: { foreignKey } });
      if (kind === 'check' && check) taken.push({ name, takenBy, object: { check } });
    }
  }
  return taken;
}
