import { ProtectionFlowsError } from '../../errors';
import { describeDifference, type Difference } from '../schema/compare';
import type { Words } from '../server/names';

/** The refusal to touch an object that is there in a shape that no migration gave it. */
export function handMade(
  object: string,
  differences: readonly Difference[],
  { command }: Words,
): ProtectionFlowsError {
  const listed = differences.map(describeDifference);
  return new ProtectionFlowsError('SCHEMA_HAND_MADE', {
    message: `${object} exists already and is not what the migration makes: ${listed.join('; ')}`,
    remedy: `Take it over with ${command} adopt, which lists the differences; ${command} adopt --repair ends them and keeps every row. Or move it away, and migrate again.`,
    details: { object, differences },
  });
}
