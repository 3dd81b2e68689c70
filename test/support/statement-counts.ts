import { createConnection, type RowDataPacket } from 'mysql2/promise';

/** The server's counts of statements, by kind. */
export type StatementCounts = Readonly<Record<string, number | undefined>>;

/** Reads how many statements the server has executed of each kind that changes a schema or records a migration. */
export async function countStatements(url: string): Promise<StatementCounts> {
  const connection = await createConnection(url);
  const [rows] = await connection.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_create_table', 'Com_alter_table', 'Com_create_index', 'Com_drop_table', 'Com_insert')",
  );
  await connection.end();
  return Object.fromEntries(rows.map((row) => [String(row['Variable_name']), Number(row['Value'])]));
}

/** The difference between two counts. */
export const growth = (before: StatementCounts, after: StatementCounts): StatementCounts =>
  Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, (value ?? 0) - (before[name] ?? 0)]),
  );
