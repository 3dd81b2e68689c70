import type { Reader } from '../../arguments';
import type { Optional } from '../../domain';
import type { FlowRow } from '../../entities';
import { columnsOf } from '../input';

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

/** What a new flow is made of, as it came from the caller. */
export const newFlow: Reader<NewFlow> = columnsOf('ProtectionFlow', creatableColumns, 'insert');

/** What is to change, as it came from the caller. */
export const flowChanges: Reader<FlowChanges> = columnsOf('ProtectionFlow', changeableColumns, 'update');

/** The columns that are given, in a fixed order, as a statement takes them. */
export function givenColumns(input: NewFlow | FlowChanges): [column: string, value: unknown][] {
  const values = input as Readonly<Record<string, unknown>>;
  return creatableColumns
    .filter((column) => values[column] !== undefined)
    .map((column) => [column, toSql(column, values[column])]);
}

function toSql(column: string, value: unknown): unknown {
  return column === 'destination_config' && value !== null ? JSON.stringify(value) : value;
}
