import {
  compareTable,
  describeDifference,
  type Difference,
  type DifferentObject,
} from '../../schema/compare';
import type { MendingSection } from '../../schema/mend';
import { fail, pass, remedyOf, type CheckOutcome, type VerifyContext } from '../context';
import type { Evidence } from '../report';

/** The differences of some kinds of declared objects. */
export function differencesIn(
  { declared, live }: VerifyContext,
  kinds: readonly DifferentObject[],
): Difference[] {
  return [...declared.values()]
    .flatMap((table) => compareTable(declared, table, live))
    .filter((difference) => kinds.includes(difference.object));
}

/** Compares the declared objects of some kinds with the live ones; the remedy is the SQL that mends them. */
export function compareObjects(
  context: VerifyContext,
  kinds: readonly DifferentObject[],
  section: MendingSection,
  passed: string,
  evidence: readonly Evidence[],
): CheckOutcome {
  const differences = differencesIn(context, kinds);
  if (differences.length === 0) return pass(passed, evidence);
  return differ(differences, remedyOf(context, section), evidence);
}

/** The failure of a check that found those differences. */
export const differ = (
  differences: readonly Difference[],
  remedy: string,
  evidence: readonly Evidence[],
): CheckOutcome => ({
  ...fail(differences.map(describeDifference).join('; '), remedy, evidence),
  differences,
});

/** `'protection_flows', 'protection_flow_executions'`, for an IN. */
export const tableList = ({ declared }: VerifyContext): string =>
  [...declared.keys()].map((name) => `'${name}'`).join(', ');
