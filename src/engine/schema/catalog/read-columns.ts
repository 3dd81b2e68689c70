import { canonicalExpression } from '../expression';
import type { Check, Column } from '../shape';
import type { Flavour } from '../../server/server';
import { catalogRows, errnoOf, quoteName, type Queryable } from '../../server/queryable';
import { byTable, inOrder, type CatalogScope } from './scope';

/** A CHECK as the catalog shows it. */
interface CatalogCheck extends Check {
  /** The JSON column that it belongs to, or null: MariaDB's JSON is a LONGTEXT with CHECK (json_valid(column)). */
  readonly ofJsonColumn: string | null;
}

interface CheckRow {
  table: string;
  name: string;
  expression: string;
  enforced: string;
}

/**
 * MariaDB's CHECK_CONSTRAINTS names the table (a name is unique per table only). On MySQL only TABLE_CONSTRAINTS names
 * it, and says whether the CHECK is enforced.
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

/** A line of SHOW CREATE TABLE with a CHECK. A column's own CHECK has the column's name. */
const checkLine = /^ {2}(?:CONSTRAINT )?`((?:[^`]|``)+)`.*? CHECK \((.*)\),?$/;

/** Reads a table's CHECKs from SHOW CREATE TABLE; none where the server refuses that statement. */
async function checksFromShowCreate(session: Queryable, table: string): Promise<CheckRow[]> {
  const [row] = await catalogRows(session, `SHOW CREATE TABLE ${quoteName(table)}`).catch(
    (error: unknown) => {
      if (errnoOf(error) === null) throw error;
      return [];
    },
  );
  return String(row?.['Create Table'] ?? '')
    .split('\n')
    .flatMap((line) => {
      const [, name, expression] = checkLine.exec(line) ?? [];
      if (name === undefined || expression === undefined) return [];
      return [{ table, name: name.replaceAll('``', '`'), expression, enforced: 'YES' }];
    });
}

/**
 * Reads the CHECKs of each table, and marks those of MariaDB's JSON columns. MariaDB shows no row of CHECK_CONSTRAINTS
 * to a user whose grants are all on tables (tried on 10.11).
 */
export async function readChecks(
  scope: CatalogScope,
  tables: readonly string[],
): Promise<Map<string, CatalogCheck[]>> {
  const sql = statements[scope.server.flavour](scope.placeholders);
  const rows = [...(await catalogRows<CheckRow>(scope.session, sql, scope.parameters))];
  if (rows.length === 0 && scope.server.flavour === 'mariadb')
    for (const table of tables) rows.push(...(await checksFromShowCreate(scope.session, table)));
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

interface ColumnRow {
  table: string;
  name: string;
  position: number | string;
  type: string;
  nullable: string;
  default: string | null;
  extra: string;
  charset: string | null;
  collation: string | null;
  expression: string | null;
}

/** `int(11)` → `int`. A display width has no meaning, except in `tinyint(1)`, which stands for a boolean. */
function canonicalType(type: string): string {
  if (type.startsWith('tinyint(1)')) return type;
  return type.replace(/^((?:tiny|small|medium|big)?int)\(\d+\)/, '$1').replace(/^year\(\d+\)/, 'year');
}

/** An expression default (`current_timestamp()`, `NOW()`, `(uuid())`) in one spelling. */
function canonicalExpressionDefault(text: string): string {
  const inner = text.replace(/^\((.*)\)$/, '$1');
  // MySQL shows DEFAULT ('x') as _utf8mb4\'x\'
  const written = /^(?:_\w+)?\\?'((?:[^'\\]|'')*)\\?'$/.exec(inner)?.[1];
  if (written !== undefined) return `'${written}'`;
  if (/^-?\d+(\.\d+)?$/.test(inner)) return `'${inner}'`;
  const bare = inner.toLowerCase();
  return /^(current_timestamp|now|localtimestamp|localtime)(\(0?\))?$/.test(bare)
    ? 'current_timestamp'
    : bare;
}

/**
 * MariaDB shows a default as SQL (`'pending'`, `0`, `uuid()`, `NULL`); MySQL shows a literal bare and marks an
 * expression in EXTRA.
 */
function canonicalDefault(flavour: Flavour, row: ColumnRow): string | null {
  if (row.default === null) return null;
  if (flavour === 'mysql') {
    return /DEFAULT_GENERATED/i.test(row.extra)
      ? canonicalExpressionDefault(row.default)
      : `'${row.default.replaceAll("'", "''")}'`;
  }
  if (row.default.toUpperCase() === 'NULL') return null;
  if (row.default.startsWith("'")) return row.default;
  if (/^-?\d+(\.\d+)?$/.test(row.default)) return `'${row.default}'`;
  return canonicalExpressionDefault(row.default);
}

/** EXTRA without what it says about the default and ON UPDATE. */
function remainingExtra(extra: string): string {
  return extra
    .toLowerCase()
    .replace('default_generated', '')
    .replace(/on update current_timestamp(\(\d*\))?/, '')
    .replaceAll(',', ' ')
    .trim();
}

/** `row start` or `row end` for a visible period column of a system-versioned table (MariaDB); null for any other. */
const periodOf = ({ expression }: ColumnRow): string | null =>
  expression !== null && /^row (start|end)$/i.test(expression) ? expression.toLowerCase() : null;

/**
 * Reads the columns of each table, in the table's order. A MariaDB LONGTEXT with its json_valid CHECK becomes `json`,
 * with null for charset and collation, as on MySQL: the server decides them.
 */
export async function readColumns(
  scope: CatalogScope,
  checks: ReadonlyMap<string, readonly CatalogCheck[]>,
): Promise<Map<string, Column[]>> {
  const rows = await catalogRows<ColumnRow>(
    scope.session,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, ORDINAL_POSITION AS position, COLUMN_TYPE AS type,
            IS_NULLABLE AS nullable, COLUMN_DEFAULT AS \`default\`, EXTRA AS extra, CHARACTER_SET_NAME AS charset,
            COLLATION_NAME AS collation, GENERATION_EXPRESSION AS expression
       FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (${scope.placeholders})`,
    scope.parameters,
  );
  return byTable(
    inOrder(rows, ({ position }) => Number(position)),
    (row) => {
      const json =
        row.type === 'json' ||
        (row.type === 'longtext' &&
          row.charset === 'utf8mb4' &&
          (checks.get(row.table) ?? []).some((check) => check.ofJsonColumn === row.name.toLowerCase()));
      const period = periodOf(row);
      return {
        name: row.name,
        type: json ? 'json' : canonicalType(row.type),
        nullable: row.nullable === 'YES',
        default: canonicalDefault(scope.server.flavour, row),
        onUpdateNow: /on update current_timestamp/i.test(row.extra),
        charset: json ? null : row.charset,
        collation: json ? null : row.collation,
        extra: period ?? remainingExtra(row.extra),
        ...(row.expression && period === null ? { generated: row.expression } : {}),
      };
    },
  );
}
