import type { ErrorCode } from '../../errors';
import type { Facts, KeyFact } from './facts';

/**
 * What a finding means for migrate. `blocking`: migrate stops before any statement. `key-refused`: migrate skips one late key,
 * does the rest, and is not ok. `deferred`: migrate leaves one key for a later run. `mended`: migrate repairs it. `noted`:
 * migrate ignores it; only preflight reports it, because acknowledged rows may be lost.
 */
export type FindingEffect = 'blocking' | 'key-refused' | 'deferred' | 'mended' | 'noted';

/** A fault that preflight found, with its remedy. */
export interface Finding {
  readonly code: ErrorCode;
  readonly effect: FindingEffect;
  /** The table it is about, or null where it is about the server or the history. */
  readonly table: string | null;
  /** The foreign key it is about, by name. */
  readonly key: string | null;
  readonly message: string;
  /** SQL statements to paste, with prose as SQL comments. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What a rule returns of a finding. Default: blocking, without table and key. */
export type Found = Pick<Finding, 'message' | 'remedy' | 'details'> & Partial<Finding>;

/** A rule looks in the facts for one kind of fault, and returns each occurrence. Pure. */
export type Rule = (facts: Facts, code: ErrorCode) => Found[];

/** Completes a finding with its code and the defaults. */
export const findingOf = (code: ErrorCode, found: Found): Finding => ({
  code,
  effect: 'blocking',
  table: null,
  key: null,
  ...found,
});

/** True for a finding that stops migrate, or one of its keys, until somebody acts. */
export const isInTheWay = ({ effect }: Finding): boolean => effect === 'blocking' || effect === 'key-refused';

/** A late key is skipped, and the rest goes on; a key of a pending migration stops the whole migrate. */
export const effectOn = ({ late }: KeyFact): FindingEffect => (late ? 'key-refused' : 'blocking');
