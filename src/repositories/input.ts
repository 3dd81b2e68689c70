import { validationFailed, type FieldFault } from '../errors';
import { validateExecution, validateFlow, type WriteMode } from '../validation';

const validators = { ProtectionFlow: validateFlow, ProtectionFlowExecution: validateExecution };

/**
 * Refuses an input that sets what it may not, or sets it wrongly.
 *
 * @param allowed the columns that a caller may set; a property that is undefined does not count
 * @throws VALIDATION_FAILED, naming every wrong field at once
 */
export function assertInput(
  entity: keyof typeof validators,
  input: object,
  allowed: readonly string[],
  mode: WriteMode,
): void {
  const foreign: FieldFault[] = Object.entries(input)
    .filter(([field, value]) => value !== undefined && !allowed.includes(field))
    .map(([field]) => ({ field, constraints: { whitelist: `${field} can't be set` } }));
  const wrong = validators[entity](input, mode).filter(({ field }) => allowed.includes(field));
  if (foreign.length + wrong.length > 0) throw validationFailed(entity, [...foreign, ...wrong]);
}
