import type { Optional } from '../../domain';
import type { FlowRow } from '../../entities';
import type { WriteMode } from '../../validation';
import { assertInput } from '../input';

/** The columns of a flow that a client may set; the others are the scheduler's and the server's. */
export const changeableColumns = [
  'name',
  'description',
  'flow_type',
  'target_type',
  'target_id',
  'repository_id',
  'policy_id',
  'destination_type',
  'destination_config',
  'schedule_id',
  'enabled',
] as const satisfies readonly (keyof FlowRow)[];

type Changeable = (typeof changeableColumns)[number];

/** What a flow of either type is made of. */
type NewFlowOf<Type extends FlowRow['flow_type'], Needed extends Changeable> = {
  [Column in Needed]: NonNullable<FlowRow[Column]>;
} & { flow_type: Type } & Pick<FlowRow, 'name' | 'target_type' | 'target_id'> &
  Optional<Pick<FlowRow, Changeable | 'id' | 'created_by'>>;

/** A new flow that backs up into a repository. */
export type NewBackupFlow = NewFlowOf<'backup', 'repository_id'>;

/** A new flow that replicates to a destination. */
export type NewReplicationFlow = NewFlowOf<'replication', 'destination_type'>;

/** What a new flow is made of; what is left out has its default: null, and `enabled` true. */
export type NewFlow = NewBackupFlow | NewReplicationFlow;

/** What is to change: null clears a column, undefined leaves it alone. */
export type FlowChanges = Optional<Pick<FlowRow, Changeable>>;

const creatableColumns: readonly string[] = ['id', ...changeableColumns, 'created_by'];

/**
 * The given columns of an input, in a fixed order.
 *
 * @throws VALIDATION_FAILED, naming every wrong field at once, those that a client may not set among them
 */
export function readFlowInput(input: object, mode: WriteMode): [column: string, value: unknown][] {
  const allowed: readonly string[] = mode === 'insert' ? creatableColumns : changeableColumns;
  assertInput('ProtectionFlow', input, allowed, mode);
  const values = input as Readonly<Record<string, unknown>>;
  return allowed
    .filter((column) => values[column] !== undefined)
    .map((column) => [column, toSql(column, values[column])]);
}

function toSql(column: string, value: unknown): unknown {
  return column === 'destination_config' && value !== null ? JSON.stringify(value) : value;
}
