import {
  abortSignal,
  callback,
  choice,
  count,
  flag,
  optional,
  refuse,
  that,
  type Reader,
} from '../../arguments';
import { orphanChoices } from '../orphans/context';
import type { Queryable } from '../server/queryable';
import type { Database } from '../session/database';
import type { ProgressListener } from '../session/progress';

/** A database that is open: a data source of this package, or what `openDatabase` answers. */
export const guarded: Reader<Database> = (value, field, faults) => {
  const given = value as (Partial<Database> & { readonly isInitialized?: boolean }) | null | undefined;
  if (typeof given?.openSession !== 'function' || typeof given.openConnection !== 'function')
    return refuse(
      faults,
      field,
      'isDataSource',
      'must be a database that is open, as openDatabase answers it, or createDataSource',
    );
  if (given.isInitialized === false)
    return refuse(faults, field, 'isInitialized', 'must be initialized: await initialize() first');
  return value as Database;
};

const dayMs = 86_400_000;
const wait = optional(count({ min: 0, max: dayMs }));

/** The options of whatever holds the migration lock. */
export const sessionReaders = {
  onProgress: optional(callback<ProgressListener>()),
  signal: optional(abortSignal),
  lockWaitMs: wait,
  lockLeaseMs: optional(count({ min: 1, max: dayMs })),
  tableWaitMs: wait,
};

/** What a migrate may do that changes rows or holds up writers. */
export const wishReaders = {
  orphans: optional(choice(orphanChoices)),
  allowBlocking: optional(flag),
  copyLimitRows: optional(count({ min: 0, max: Number.MAX_SAFE_INTEGER })),
};

/** Whatever executes a statement: a query runner, a manager, a connection as {@link Queryable}. */
export const session: Reader<Queryable> = that(
  'isSession',
  (value) => typeof (value as Partial<Queryable> | null | undefined)?.query === 'function',
  'must be a session: a query runner, or what else has query()',
);
