import { abortSignal, callback, count, optional, refuse, type Reader } from '../../arguments';
import type { Database } from './database';
import type { ProgressListener } from './migration-session';

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
