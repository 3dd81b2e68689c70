import type { FieldFault } from './details';
import { ProtectionFlowsError } from './protection-flows-error';

function refusal(
  subject: string,
  fields: readonly FieldFault[],
  more: { readonly consequence?: string; readonly cause?: unknown },
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  const sentences = fields.flatMap((fault) => Object.values(fault.constraints));
  return new ProtectionFlowsError('VALIDATION_FAILED', {
    message: `${subject} is not valid: ${sentences.join('; ')}`,
    remedy: `Correct ${[...new Set(fields.map((fault) => fault.field))].join(', ')} and send it again.`,
    details: { entity: subject, fields },
    ...more,
  });
}

/**
 * The error for a row that breaks the rules, wherever the fault was found: by class-validator before the
 * statement, or by the database's CHECK, type or NOT NULL after it.
 */
export function validationFailed(
  entity: string,
  fields: readonly FieldFault[],
  cause?: unknown,
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  return refusal(entity, fields, { cause });
}

/**
 * The error for a call whose arguments are wrong: `entity` in its details is what was called, or the entity that was to be
 * written. The call has asked nothing of the server yet.
 */
export function argumentsRefused(
  subject: string,
  fields: readonly FieldFault[],
): ProtectionFlowsError<'VALIDATION_FAILED'> {
  return refusal(subject, fields, { consequence: 'Nothing was read or written.' });
}
