import { missingTables, type VerifyContext } from './context';
import type { Difference } from '../schema/compare';
import type { Server } from '../server/server';

/**
 * The first verdict that fits, in the order of `verdicts`. Pure.
 */
export function verdictOf(context: VerifyContext, checks: readonly CheckResult[]): Verdict {
  const { history, known, declared } = context;
  const recorded = (history.entries ?? []).map((entry) => entry.name);
  const missing = missingTables(context);
  if (recorded.some((name) => !known.includes(name))) return 'ahead';
  if (recorded.length === 0) return missing.length === declared.size ? 'never-ran' : 'present-but-unrecorded';
  if (missing.length > 0) return 'recorded-but-absent';
  if (known.some((name) => !recorded.includes(name)) || history.entries?.some((entry) => entry.reverting))
    return 'half-applied';
  if (checks.some((check) => check.status === 'fail')) return 'drifted';
  return checks.some((check) => check.status === 'skip') ? 'unproven' : 'proven';
}

/** Every check of verify, in the order of the report. */
export const checkIds = [
  'history',
  'tables',
  'row-counts',
  'columns',
  'indexes',
  'check-constraints',
  'foreign-keys',
  'key-compatibility',
  'orphans',
  'cascade-delete',
  'set-null',
  'restrict',
] as const;

export type CheckId = (typeof checkIds)[number];

/** `skip`: the check could not run; its summary says why. */
export type CheckStatus = 'pass' | 'fail' | 'deferred' | 'skip';

/** A statement that a check executed, and what the server answered. */
export interface Evidence {
  readonly sql: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** The outcome of one check. */
export interface CheckResult {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** One sentence; for a failure, what differs. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** Where declared objects differ from the live ones: each difference; absent in other checks. */
  readonly differences?: readonly Difference[];
  /** How to mend a failure, paste-ready where it is SQL; null when there is nothing to mend. */
  readonly remedy: string | null;
}

/** A check's result without its id. */
export type CheckOutcome = Omit<CheckResult, 'id'>;

/** The verdicts; the first of this order that fits is the report's. */
export const verdicts = [
  'ahead',
  'never-ran',
  'recorded-but-absent',
  'present-but-unrecorded',
  'half-applied',
  'drifted',
  'unproven',
  'proven',
] as const;

export type Verdict = (typeof verdicts)[number];

/** What verify found, as `verify --json` prints it. */
export interface VerifyReport {
  /** True when the verdict is `proven` (and, with strict, no key is deferred). */
  readonly ok: boolean;
  readonly verdict: Verdict;
  readonly server: Server;
  readonly database: string;
  readonly checks: readonly CheckResult[];
}
