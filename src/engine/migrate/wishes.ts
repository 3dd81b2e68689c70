import { defaultCopyLimitRows } from '../../migrations';
import type { Wishes } from '../preflight';
import type { OrphanChoice } from '../orphans/context';

/** What a migrate may do that changes rows or holds up writers. */
export interface WishOptions {
  /**
   * What to do about rows whose parent does not exist: `report` them and refuse the key, set the reference to `null`,
   * or set them aside in tables of their own (`quarantine`). Default: `report`.
   */
  readonly orphans?: OrphanChoice | undefined;
  /** True where a table of any size may be copied while its writers wait, if the server can't do without. */
  readonly allowBlocking?: boolean | undefined;
  /** Up to how many rows that is done unasked. Default: PROTECTION_FLOWS_COPY_LIMIT_ROWS, or 100,000. */
  readonly copyLimitRows?: number | undefined;
}

/** The options with their defaults filled in. */
export function wishesOf({ orphans, allowBlocking, copyLimitRows }: WishOptions): Wishes {
  return {
    orphans: orphans ?? 'report',
    copyLimitRows: allowBlocking === true ? Infinity : (copyLimitRows ?? defaultCopyLimitRows()),
  };
}
