import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** Statements by their kind, as the server counts them. */
export type StatementCounts = Readonly<Record<string, number | undefined>>;

/** How many statements of each kind the server has executed that change a schema, or record it. */
export async function countStatements(url: string): Promise<StatementCounts> {
  const connection = await createConnection(url);
  const [rows] = await connection.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_create_table', 'Com_alter_table', 'Com_create_index', 'Com_drop_table', 'Com_insert')",
  );
  await connection.end();
  return Object.fromEntries(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]));
}

/** How many came between two counts. */
export const growth = (before: StatementCounts, after: StatementCounts): StatementCounts =>
  Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, (value ?? 0) - (before[name] ?? 0)]),
  );
