import type { ErrorCode } from '../../errors';
import type { Facts, KeyFact } from './facts';

/**
 * What a finding means for migrate: `blocking` stops it before any statement; `key-refused` leaves one late key out,
 * the rest goes on, and migrate is not ok; `deferred` leaves one key for a later run; `mended` is put right by
 * migrate itself; `noted` is no affair of migrate's: it weakens what is promised of rows, and preflight alone tells it.
 */
export type FindingEffect = 'blocking' | 'key-refused' | 'deferred' | 'mended' | 'noted';

/** Something that preflight found in the way of migrate, and the fix for it. */
export interface Finding {
  readonly code: ErrorCode;
  readonly effect: FindingEffect;
  /** The table it is about, or null where it is about the server or the history. */
  readonly table: string | null;
  /** The foreign key it is about, by name. */
  readonly key: string | null;
  readonly message: string;
  /** The fix, to be pasted: SQL statements, with prose as SQL comments. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A finding as far as its rule says; where it leaves them out, it is blocking, and about no table and no key. */
export type Found = Pick<Finding, 'message' | 'remedy' | 'details'> & Partial<Finding>;

/** One thing that would make a migration fail: pure over the facts, finds it as often as it is there. */
export type Rule = (facts: Facts, code: ErrorCode) => Found[];

/** The finding of that code. */
export const findingOf = (code: ErrorCode, found: Found): Finding => ({
  code,
  effect: 'blocking',
  table: null,
  key: null,
  ...found,
});

/** True for a finding that leaves a migrate, or one key of it, undone until somebody puts it right. */
export const isInTheWay = ({ effect }: Finding): boolean => effect === 'blocking' || effect === 'key-refused';

/** A key that is late is left out, and the rest goes on; one of a pending migration stops it all. */
export const effectOn = ({ late }: KeyFact): FindingEffect => (late ? 'key-refused' : 'blocking');
