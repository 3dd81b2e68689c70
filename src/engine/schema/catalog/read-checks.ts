import { canonicalExpression } from '../expression';
import type { Check } from '../shape';
import { catalogRows } from '../../server/queryable';
import { byTable, inOrder, type CatalogScope } from './scope';

/** A CHECK as the catalog shows it. */
export interface CatalogCheck extends Check {
  /** The column whose JSON type it stands for: MariaDB's JSON is a LONGTEXT with CHECK (json_valid(column)). */
  readonly ofJsonColumn: string | null;
}

interface CheckRow {
  table: string;
  name: string;
  expression: string;
  enforced: string;
}

/**
 * MariaDB's CHECK_CONSTRAINTS names the table (a name is unique per table only); MySQL's does not, but
 * TABLE_CONSTRAINTS does, and says what is enforced.
 */
const statements = {
  mariadb: (placeholders: string) =>
    `SELECT TABLE_NAME AS \`table\`, CONSTRAINT_NAME AS name, CHECK_CLAUSE AS expression, 'YES' AS enforced
       FROM information_schema.CHECK_CONSTRAINTS
      WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME IN (${placeholders})`,
  mysql: (placeholders: string) =>
    `SELECT t.TABLE_NAME AS \`table\`, t.CONSTRAINT_NAME AS name, c.CHECK_CLAUSE AS expression,
            t.ENFORCED AS enforced
       FROM information_schema.TABLE_CONSTRAINTS t
       JOIN information_schema.CHECK_CONSTRAINTS c
         ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
      WHERE t.TABLE_SCHEMA = ? AND t.CONSTRAINT_TYPE = 'CHECK' AND t.TABLE_NAME IN (${placeholders})`,
};

const jsonValid = /^json_valid\(`([^`]+)`\)$/;

/** The CHECKs of each table, MariaDB's JSON ones marked. */
export async function readChecks(scope: CatalogScope): Promise<Map<string, CatalogCheck[]>> {
  const sql = statements[scope.server.flavour](scope.placeholders);
  const rows = await catalogRows<CheckRow>(scope.session, sql, scope.parameters);
  return byTable(
    inOrder(rows, ({ name }) => name),
    (row) => ({
      name: row.name,
      expression: row.expression,
      enforced: row.enforced === 'YES',
      ofJsonColumn: jsonValid.exec(canonicalExpression(row.expression))?.[1] ?? null,
    }),
  );
}
