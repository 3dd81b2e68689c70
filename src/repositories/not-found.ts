import { ProtectionFlowsError, withoutValues } from '../errors';
import type { EntityManager } from 'typeorm';

/** The error for a flow that does not exist (any more). */
export function flowNotFound(id: string): ProtectionFlowsError {
  return new ProtectionFlowsError('FLOW_NOT_FOUND', {
    message: `there is no flow ${id}`,
    remedy: 'Check the id; the flow may have been deleted.',
    details: { id },
  });
}

/** The error for an execution that does not exist (any more). */
export function executionNotFound(id: string): ProtectionFlowsError {
  return new ProtectionFlowsError('EXECUTION_NOT_FOUND', {
    message: `there is no execution ${id}`,
    remedy: 'Check the id; the execution may have been pruned, or deleted with its flow.',
    details: { id },
  });
}

/** The error for a flow that can't begin a run, because a run is under way. */
export function flowStillRunning(flowId: string, executionId: string): ProtectionFlowsError {
  return new ProtectionFlowsError('FLOW_STILL_RUNNING', {
    message: `flow ${flowId} still runs: execution ${executionId} is under way`,
    remedy: 'Wait for it, or cancel it, or enqueue the new run, which begins when the flow is free.',
    details: { flowId, executionId },
  });
}

/** ER_BAD_FIELD_ERROR: none of the statement's tables has the column. */
const unknownColumn = 1054;

const ownTables = ['protection_flows', 'protection_flow_executions'];

const columnsHere = `SELECT LOWER(TABLE_NAME) AS \`table\`, COLUMN_NAME AS \`column\` FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?, ?)`;

/** Finds the column of our two tables that the server's message names and the database does not have. */
async function findMissing(manager: EntityManager, sentence: string) {
  const named = /'([^']+)'/.exec(sentence)?.[1]?.split('.').at(-1);
  // Selected by table name, because the command line prunes without loading the entities: then there are none
  const ours = manager.connection.entityMetadatas.filter(({ tableName }) => ownTables.includes(tableName));
  if (ours.length === 0) return undefined;
  const there = await manager.query<{ table: string; column: string }[]>(columnsHere, ownTables);
  return ours
    .flatMap(({ tableName, columns }) =>
      columns.map(({ databaseName }) => ({ table: tableName, column: databaseName })),
    )
    .filter(({ column }) => column === named)
    .find(({ table, column }) => !there.some((one) => one.table === table && one.column === column));
}

/**
 * Translates the error of an unknown column that a table of ours should have: the schema is older than the program, or the
 * table is not ours. Reads the catalog, because the server's message names an alias instead of the table.
 *
 * @returns null for any other error, and for a column of the platform
 */
export async function columnPending(
  manager: EntityManager,
  error: unknown,
): Promise<ProtectionFlowsError | null> {
  const { errno, message = '' } = (error ?? {}) as { errno?: number; message?: string };
  if (errno !== unknownColumn) return null;
  // If the catalog can't be read, the first error is more useful
  const missing = await findMissing(manager, message).catch(() => undefined);
  if (missing === undefined) return null;
  const { table, column } = missing;
  return new ProtectionFlowsError('MIGRATION_PENDING', {
    message: `the table ${table} has no column ${column}: a migration is pending, or the table is not this package's`,
    remedy:
      'Run protection-flows migrate, then repeat the call. If migrate refuses the table, first rename or drop the table.',
    details: { table, column },
    cause: withoutValues(error),
  });
}
