import type { Queryable, Row } from '../../../src/engine/server/queryable';
import type { Flavour } from '../../../src/engine/server/server';
import type { PlatformPresetName } from '../../../src/testing';

/** One way in which people made the tables by hand. */
export interface Start {
  /** Default: `mixed`. */
  readonly platform?: PlatformPresetName;
  /** Makes the tables, in order. */
  readonly sql: readonly string[];
  /** True: some rows hold NULL in every column that the platform's SQL makes nullable. */
  readonly nulls?: boolean;
  /** Values of further columns, for each flow. */
  readonly extra?: Row;
  /** The tables that get rows. Default: both. */
  readonly tables?: readonly string[];
  /** Columns that the tables lack, so that rows with NULLs leave them out. */
  readonly without?: readonly string[];
  /** Executed after the rows are in. */
  readonly then?: readonly string[];
  /** Undeclared columns, indexes and keys that adopt must keep. */
  readonly extras?: readonly string[];
  /** Further expectations after adopt. */
  readonly after?: (session: Queryable) => Promise<void>;
  /** True if migrate does not refuse the tables. */
  readonly migrates?: boolean;
  readonly only?: Flavour;
}
