import type { FieldFault } from './details';
import { ProtectionFlowsError } from './protection-flows-error';

/**
 * The error for a row that breaks the rules, wherever the fault was found: by class-validator before the
 * statement, or by the database's CHECK, type or NOT NULL after it.
 */
export function validationFailed(
  entity: string,
  fields: readonly FieldFault[],
  cause?: unknown,
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  const sentences = fields.flatMap((fault) => Object.values(fault.constraints));
  return new ProtectionFlowsError('VALIDATION_FAILED', {
    message: `${entity} is not valid: ${sentences.join('; ')}`,
    remedy: `Correct ${fields.map((fault) => fault.field).join(', ')} and send it again.`,
    details: { entity, fields },
    cause,
  });
}
