import { ProtectionFlowsError } from '../../errors';
import { describeDifference, type Difference } from '../schema/compare';

/** The refusal to touch an object that exists in a shape this package never made. */
export function handMade(object: string, differences: readonly Difference[]): ProtectionFlowsError {
  const listed = differences.map(describeDifference);
  return new ProtectionFlowsError('SCHEMA_HAND_MADE', {
    message: `${object} exists already and is not what the migration makes: ${listed.join('; ')}`,
    remedy:
      'Take it over with protection-flows adopt, which lists the differences; adopt --repair ends them and keeps every row. Or move it away, and migrate again.',
    details: { object, differences },
  });
}
