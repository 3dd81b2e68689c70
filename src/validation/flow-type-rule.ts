import { flowTypeFaults, type FlowTypeFields } from '../domain';
import type { FieldFault } from '../errors';

/** The name of the rule in a fault's constraints, also where the database's CHECK found the fault. */
export const flowTypeConstraint = 'flowType';

/**
 * The rule of a flow's type for a row of which perhaps only some columns are known. A column that is not among the
 * values is unknown, unless the row is complete: then it counts as null. What can't be judged here is left to the
 * database's CHECK.
 */
export function flowTypeFieldFaults(
  values: Readonly<Record<string, unknown>>,
  { complete }: { complete: boolean },
): FieldFault[] {
  return flowTypeFaults(values as FlowTypeFields)
    .filter(({ field }) => complete || values[field] !== undefined)
    .map(({ field, message }) => ({ field, constraints: { [flowTypeConstraint]: message } }));
}
