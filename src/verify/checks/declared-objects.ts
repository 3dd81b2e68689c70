import { compareTable, describeDifference, type DifferentObject } from '../../schema/compare';
import { script } from '../../schema/ddl';
import { mendAll } from '../../schema/mend';
import { fail, pass, type CheckOutcome, type VerifyContext } from '../context';
import type { Evidence } from '../report';

/** Compares the declared objects of some kinds with the live ones; the remedy is the SQL that mends them. */
export function compareObjects(
  { declared, live, server }: VerifyContext,
  kinds: readonly DifferentObject[],
  summary: string,
  evidence: readonly Evidence[],
): CheckOutcome {
  const differences = [...declared.values()]
    .flatMap((table) => compareTable(declared, table, live))
    .filter((difference) => kinds.includes(difference.object));
  if (differences.length === 0) return pass(summary, evidence);
  return fail(
    differences.map(describeDifference).join('; '),
    script(mendAll(declared, differences, live, server.flavour)),
    evidence,
  );
}

/** `'protection_flows', 'protection_flow_executions'`, for an IN. */
export const tableList = ({ declared }: VerifyContext): string =>
  [...declared.keys()].map((name) => `'${name}'`).join(', ');
