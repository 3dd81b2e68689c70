import {
  errnoOf,
  messageOf,
  skip,
  unlessTables,
  type Check,
  type CheckOutcome,
  type VerifyContext,
} from '../context';
import type { CheckId } from '../report';
import { Probe } from './probe';

/** A check that inserts, deletes and looks. It runs inside the transaction that verify rolls back. */
export function behaviourCheck(
  id: CheckId,
  prove: (probe: Probe, context: VerifyContext) => Promise<CheckOutcome>,
): Check {
  return {
    id,
    async run(context) {
      const skipped = unlessTables(context);
      if (skipped) return skipped;
      const probe = new Probe(context);
      try {
        return { ...(await prove(probe, context)), evidence: probe.evidence };
      } catch (error) {
        const errno = errnoOf(error);
        const reason = `could not run: ${messageOf(error)}${errno === null ? '' : ` (errno ${errno})`}`;
        return skip(
          reason,
          probe.evidence,
          'Run verify as a user who may INSERT and DELETE here, on a server that is not read-only.',
        );
      }
    },
  };
}
