import type { ErrorCode } from '../errors';

/**
 * What a finding means for migrate: `blocking` stops it before any statement; `key-refused` leaves one late key out,
 * the rest goes on, and migrate is not ok; `deferred` leaves one key for a later run; `mended` is put right by
 * migrate itself.
 */
export type FindingEffect = 'blocking' | 'key-refused' | 'deferred' | 'mended';

/** Something that preflight found in the way of migrate, and the fix for it. */
export interface Finding {
  readonly code: ErrorCode;
  readonly effect: FindingEffect;
  /** The table it is about, or null where it is about the server or the history. */
  readonly table: string | null;
  /** The foreign key it is about, by name. */
  readonly key: string | null;
  readonly message: string;
  /** The fix; where it is SQL, paste-ready. */
  readonly remedy: string;
  readonly details: Readonly<Record<string, unknown>>;
}
