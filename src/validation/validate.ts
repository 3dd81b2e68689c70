import { Validator } from 'class-validator/cjs/validation/Validator';
import { choice, declareArguments, readProperties } from '../arguments';
import { flowTypes } from '../domain';
import { ProtectionFlow, ProtectionFlowExecution } from '../entities';
import type { FieldFault } from '../errors';
import { isKnownRight, isMissing, ruledProperties, type RowValues, type WriteMode } from './known-right';

/** The name of the rule in a fault's constraints, also where the database's CHECK found the fault. */
export const flowTypeConstraint = 'flowType';

const neededBy = { backup: 'repository_id', replication: 'destination_type' } as const;

/**
 * The rule that the database holds as CHECK `chk_flows_type`: a backup flow has a repository, a replication flow has a
 * destination. A column that is not among the values is unknown, unless the row is complete: then it counts as null. What
 * can't be judged here is left to the CHECK; a type that does not exist, to the type's own rule.
 */
export function flowTypeFieldFaults(
  values: Readonly<Record<string, unknown>>,
  { complete }: { complete: boolean },
): FieldFault[] {
  const type = flowTypes.find((one) => one === values['flow_type']);
  if (type === undefined) return [];
  const field = neededBy[type];
  if (values[field] === undefined ? !complete : values[field] !== null) return [];
  return [{ field, constraints: { [flowTypeConstraint]: `${field} must be given for a ${type} flow` } }];
}

/** An entity with rules, and what its errors call it. */
export interface ValidatedEntity {
  readonly name: 'ProtectionFlow' | 'ProtectionFlowExecution';
  readonly target: new () => object;
  /** The rule across its fields, if there is one. */
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

const unreadable = Symbol('a value that throws when it is looked at');

/** class-validator asks each value whether it is a promise, which one that throws does not survive. */
function readable(value: unknown): unknown {
  try {
    void (value as { then?: unknown } | null | undefined)?.then;
    return value;
  } catch {
    return unreadable;
  }
}

/**
 * Every fault of single fields. `leftToServer` names columns whose value the database computes: they count as given and
 * are not judged.
 */
export function fieldFaults(
  { target }: ValidatedEntity,
  values: RowValues,
  mode: WriteMode,
  leftToServer: ReadonlySet<string> = new Set(),
): FieldFault[] {
  if (leftToServer.size === 0 && isKnownRight(target, values, mode)) return [];
  // class-validator judges instances only: a plain object is an unknown value to it
  const row = new target() as Record<string, unknown>;
  for (const [field, value] of Object.entries(values)) row[field] = readable(value);
  const errors = new Validator().validateSync(row, {
    // Rules without a group hold always, those of the group `insert` for a new row
    always: true,
    groups: [mode],
    skipUndefinedProperties: true,
    validationError: { target: false, value: true },
  });
  return errors
    .filter(({ property }) => !leftToServer.has(property))
    .map(({ property, value, constraints = {} }) => ({
      field: property,
      // Of a missing value all its rules are broken; one sentence says it
      constraints: isMissing(value)
        ? { isDefined: `${property} should not be null or undefined` }
        : { ...constraints },
    }));
}

/** The faults of two sources, those of one field as one. */
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
  // Of what is no row at all, a new one is told what it lacks; a change, that it is none
  if (values === null && mode === 'update') return faults;
  return faultsOfRow(entity.name, values ?? {}, mode);
}

/** Every wrong field of a row whose properties have been read. */
export function faultsOfRow(name: ValidatedEntity['name'], row: RowValues, mode: WriteMode): FieldFault[] {
  const entity = name === flow.name ? flow : execution;
  const ofFields = fieldFaults(entity, row, mode);
  const ofRow = entity.rowFaults(row, { complete: mode === 'insert' });
  return ofFields.length + ofRow.length === 0 ? [] : mergeFaults(ofFields, ofRow);
}

/**
 * Every wrong field of a flow, without a database; an empty list for a right one. Properties that are no columns are
 * passed over.
 *
 * @param mode `insert` (default): a whole new flow, its required columns must be there. `update`: the columns to change;
 *   the rule of the flow's type is applied as far as they let it be judged
 * @throws VALIDATION_FAILED for another mode
 */
export function validateFlow(input: unknown, mode: WriteMode = 'insert'): FieldFault[] {
  return rowFaults(flow, input, mode);
}

/** Every wrong field of an execution, without a database; see {@link validateFlow}. */
export function validateExecution(input: unknown, mode: WriteMode = 'insert'): FieldFault[] {
  return rowFaults(execution, input, mode);
}
