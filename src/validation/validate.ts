import { choice, declareArguments, readProperties } from '../arguments';
import { validationFailed, type FieldFault } from '../errors';
import {
  fieldFaults,
  mergeFaults,
  validatedEntities,
  type RowValues,
  type ValidatedEntity,
  type WriteMode,
} from './field-faults';
import { ruledProperties } from './known-right';

function entityNamed(name: ValidatedEntity['name']): ValidatedEntity {
  const found = validatedEntities.find((entity) => entity.name === name);
  if (!found) throw new TypeError(`${name} has no rules`);
  return found;
}

const readMode = declareArguments('validation', { mode: choice(['insert', 'update']) });

function rowFaults(name: ValidatedEntity['name'], input: unknown, given: WriteMode): FieldFault[] {
  const { mode } = readMode({ mode: given });
  const entity = entityNamed(name);
  const faults: FieldFault[] = [];
  const values = readProperties(input, 'input', ruledProperties(entity.target), faults, null);
  // Of what is no row at all, a new one is told what it lacks; a change, that it is none
  if (values === null && mode === 'update') return faults;
  return faultsOfRow(name, values ?? {}, mode);
}

/** Every wrong field of a row whose properties have been read. */
export function faultsOfRow(name: ValidatedEntity['name'], row: RowValues, mode: WriteMode): FieldFault[] {
  const entity = entityNamed(name);
  const ofFields = fieldFaults(entity, row, mode);
  const ofRow = entity.rowFaults(row, { complete: mode === 'insert' });
  return ofFields.length + ofRow.length === 0 ? [] : mergeFaults(ofFields, ofRow);
}

function assertNone(name: ValidatedEntity['name'], faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw validationFailed(name, faults);
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
  return rowFaults('ProtectionFlow', input, mode);
}

/** @throws VALIDATION_FAILED, naming every wrong field; see {@link validateFlow} */
export function assertValidFlow(input: unknown, mode: WriteMode = 'insert'): void {
  assertNone('ProtectionFlow', validateFlow(input, mode));
}

/** Every wrong field of an execution, without a database; see {@link validateFlow}. */
export function validateExecution(input: unknown, mode: WriteMode = 'insert'): FieldFault[] {
  return rowFaults('ProtectionFlowExecution', input, mode);
}

/** @throws VALIDATION_FAILED, naming every wrong field; see {@link validateFlow} */
export function assertValidExecution(input: unknown, mode: WriteMode = 'insert'): void {
  assertNone('ProtectionFlowExecution', validateExecution(input, mode));
}
