import type { ProtectionFlow } from '../../entities';
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
] as const satisfies readonly (keyof ProtectionFlow)[];

type Changeable = (typeof changeableColumns)[number];

/** What a new flow is made of. */
export type NewFlow = Pick<ProtectionFlow, 'name' | 'flow_type' | 'target_type' | 'target_id'> &
  Partial<Pick<ProtectionFlow, Changeable | 'id' | 'created_by'>>;

/** What is to change: null clears a column, undefined leaves it alone. */
export type FlowChanges = Partial<Pick<ProtectionFlow, Changeable>>;

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
