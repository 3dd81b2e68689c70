import { Validator } from 'class-validator/cjs/validation/Validator';
import { choice, declareArguments, readProperties } from '../arguments';
import { flowTypes } from '../domain';
import { ProtectionFlow, ProtectionFlowExecution } from '../entities';
import type { FieldFault } from '../errors';
import { isKnownRight, isMissing, ruledProperties, type RowValues, type WriteMode } from './known-right';
import { flowTypeFault, neededBy } from './server-errors';

/**
 * Applies the rule of the CHECK `chk_flows_type`: a backup flow has a repository, a replication flow has a destination.
 * A column that is not given counts as null if the row is complete, and is unknown otherwise. Unknown columns are left to
 * the CHECK, and an unknown flow type to the rule of `flow_type`.
 */
export function flowTypeFieldFaults(
  values: Readonly<Record<string, unknown>>,
  { complete }: { complete: boolean },
): FieldFault[] {
  const type = flowTypes.find((one) => one === values['flow_type']);
  if (type === undefined) return [];
  const value = values[neededBy[type]];
  if (value === undefined ? !complete : value !== null) return [];
  return [flowTypeFault(type)];
}

/** An entity with rules, and its name in errors. */
export interface ValidatedEntity {
  readonly name: 'ProtectionFlow' | 'ProtectionFlowExecution';
  readonly target: new () => object;
  /** Applies the rule across its fields, if there is one. */
  readonly rowFaults: typeof flowTypeFieldFaults;
}

const flow: ValidatedEntity = {
  name: 'ProtectionFlow',
  target: ProtectionFlow,
  rowFaults: flowTypeFieldFaults,
};
const execution: ValidatedEntity = {
  name: 'ProtectionFlowExecution',
  target: ProtectionFlowExecution,
  rowFaults: () => [],
};

/** The entities with rules. */
export const validatedEntities: readonly ValidatedEntity[] = [flow, execution];

const unreadable = Symbol('a value that throws when it is read');

/** Replaces a value that throws when read: class-validator reads `then` of each value, and would throw. */
function readable(value: unknown): unknown {
  try {
    void (value as { then?: unknown } | null | undefined)?.then;
    return value;
  } catch {
    return unreadable;
  }
}

/**
 * Returns every fault of single fields. `leftToServer` names columns whose value the database computes: they count as
 * given and are not checked.
 */
export function fieldFaults(
  { target }: ValidatedEntity,
  values: RowValues,
  mode: WriteMode,
  leftToServer: ReadonlySet<string> = new Set(),
): FieldFault[] {
  if (leftToServer.size === 0 && isKnownRight(target, values, mode)) return [];
  // class-validator checks instances only: it reports a plain object as an unknown value
  const row = new target() as Record<string, unknown>;
  for (const [field, value] of Object.entries(values)) row[field] = readable(value);
  const errors = new Validator().validateSync(row, {
    // Rules without a group always apply, rules of the group `insert` to a new row
    always: true,
    groups: [mode],
    skipUndefinedProperties: true,
    validationError: { target: false, value: true },
  });
  return errors
    .filter(({ property }) => !leftToServer.has(property))
    .map(({ property, value, constraints = {} }) => ({
      field: property,
      // A missing value breaks all its rules; one message is enough
      constraints: isMissing(value)
        ? { isDefined: `${property} should not be null or undefined` }
        : { ...constraints },
    }));
}

/** Joins lists of faults; faults of the same field become one. */
export function mergeFaults(...lists: readonly (readonly FieldFault[])[]): FieldFault[] {
  const byField = new Map<string, FieldFault>();
  for (const fault of lists.flat()) {
    const known = byField.get(fault.field);
    byField.set(fault.field, {
      field: fault.field,
      constraints: { ...known?.constraints, ...fault.constraints },
    });
  }
  return [...byField.values()];
}

const readMode = declareArguments('validation', { mode: choice(['insert', 'update']) });

function rowFaults(entity: ValidatedEntity, input: unknown, given: WriteMode): FieldFault[] {
  const { mode } = readMode({ mode: given });
  const faults: FieldFault[] = [];
  const values = readProperties(input, 'input', ruledProperties(entity.target), faults, null);
  // For an input that is no row, an insert reports the missing columns, an update that it is no row
  if (values === null && mode === 'update') return faults;
  return faultsOfRow(entity.name, values ?? {}, mode);
}

/** Returns every wrong field of a row whose properties have been read. */
export function faultsOfRow(name: ValidatedEntity['name'], row: RowValues, mode: WriteMode): FieldFault[] {
  const entity = name === flow.name ? flow : execution;
  const ofFields = fieldFaults(entity, row, mode);
  const ofRow = entity.rowFaults(row, { complete: mode === 'insert' });
  return ofFields.length + ofRow.length === 0 ? [] : mergeFaults(ofFields, ofRow);
}

/**
 * Returns every wrong field of a flow, without a database; an empty list for a valid flow. Ignores properties that are
 * no columns.
 *
 * @param mode `insert` (default): a whole new flow with all required columns. `update`: the columns to change; the rule of
 *   the flow's type is applied if they decide it
 * @throws VALIDATION_FAILED for another mode
 */
export function validateFlow(input: unknown, mode: WriteMode = 'insert'): FieldFault[] {
  return rowFaults(flow, input, mode);
}

/** Returns every wrong field of an execution, without a database; see {@link validateFlow}. */
export function validateExecution(input: unknown, mode: WriteMode = 'insert'): FieldFault[] {
  return rowFaults(execution, input, mode);
}
