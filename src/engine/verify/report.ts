import type { Remedies } from '../repairs/remedies';
import type { Difference } from '../schema/compare';
import type { Evidence } from '../subject/parts';
import type { Where } from '../server/server';
import type { Words } from '../server/names';

export type { Evidence };

/** Verify's own checks, in the order of the report, before those of the subject. Without guards, `guards` is left out. */
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
  'guards',
  'server-settings',
] as const;

/** One of verify's own checks, or one of the subject's. */
export type CheckId = (typeof checkIds)[number] | (string & {});

/**
 * `skip`: the check could not run; its summary says why. `noted`: all is as declared, and the summary says something else
 * that matters; the verdict ignores it.
 */
export type CheckStatus = 'pass' | 'fail' | 'deferred' | 'noted' | 'skip';

/** The outcome of one check. */
export interface CheckResult {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** One sentence; for a failure, what differs. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** Each difference between declared and live objects; left out where there is none. */
  readonly differences?: readonly Difference[];
  /** How to mend a failure, ready to paste where it is SQL; null when there is nothing to mend. */
  readonly remedy: string | null;
}

/** A remedy, or a function that words it from the remedies of all sections, which are planned only where one asks. */
export type Remedy = string | null | ((remedies: Remedies) => string);

/** A check's result without its id, as the check leaves it. */
export interface CheckOutcome extends Omit<CheckResult, 'id' | 'remedy'> {
  readonly remedy: Remedy;
}

const outcome = (
  status: CheckStatus,
  summary: string,
  evidence: readonly Evidence[] = [],
  remedy: Remedy = null,
): CheckOutcome => ({ status, summary, evidence, remedy });

/** All is as declared. */
export const pass = (summary: string, evidence?: readonly Evidence[]): CheckOutcome =>
  outcome('pass', summary, evidence);

/** Something differs; the remedy mends it. */
export const fail = (summary: string, remedy: Remedy, evidence?: readonly Evidence[]): CheckOutcome =>
  outcome('fail', summary, evidence, remedy);

/** All is as declared, but the summary says something else that matters; the remedy removes it. */
export const noted = (summary: string, remedy: string): CheckOutcome => outcome('noted', summary, [], remedy);

/** The check could not run; the summary says why. */
export const skip = (summary: string, evidence?: readonly Evidence[], remedy?: string | null): CheckOutcome =>
  outcome('skip', summary, evidence, remedy);

/** All is as declared, except for keys whose parent table does not exist yet. */
export const deferred = (
  { command }: Pick<Words, 'command'>,
  summary: string,
  evidence?: readonly Evidence[],
): CheckOutcome => {
  const remedy = `-- Once the parent table is there, ${command} migrate adds the key.`;
  return outcome('deferred', summary, evidence, remedy);
};

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

/** The one word for all checks. */
export type Verdict = (typeof verdicts)[number];

/** What verify found, as `verify --json` prints it. */
export interface VerifyReport extends Where {
  /** True when the verdict is `proven` (and, with strict, no key is deferred). */
  readonly ok: boolean;
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
}
