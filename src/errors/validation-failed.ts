import { ProtectionFlowsError } from './protection-flows-error';

/** One wrong field: its name (the column's), and a sentence for each rule that it breaks. */
export interface FieldFault {
  readonly field: string;
  /** Rule name → sentence, as class-validator gives them. */
  readonly constraints: Readonly<Record<string, string>>;
}

/**
 * The error for a row that breaks the rules, wherever the fault was found: by class-validator before the
 * statement, or by the database's CHECK, type or NOT NULL after it. `details` is `{ entity, fields: FieldFault[] }`.
 */
export function validationFailed(
  entity: string,
  fields: readonly FieldFault[],
  cause?: unknown,
): ProtectionFlowsError {
  const sentences = fields.flatMap((fault) => Object.values(fault.constraints));
  return new ProtectionFlowsError('VALIDATION_FAILED', {
    message: `${entity} is not valid: ${sentences.join('; ')}`,
    remedy: `Correct ${fields.map((fault) => fault.field).join(', ')} and send it again.`,
    details: { entity, fields },
    cause,
  });
}
