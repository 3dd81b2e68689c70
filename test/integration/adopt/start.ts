import type { Queryable, Row } from '../../../src/engine/server/queryable';
import type { Flavour } from '../../../src/engine/server/server';
import type { PlatformPresetName } from '../../../src/testing';

/** One way in which people made the tables by hand. */
export interface Start {
  /** Default: `mixed`. */
  readonly platform?: PlatformPresetName;
  /** Makes the tables, in order. */
  readonly sql: readonly string[];
  /** True where rows hold NULL wherever the platform's SQL lets them. */
  readonly nulls?: boolean;
  /** Values of further columns, for each flow. */
  readonly extra?: Row;
  /** The tables that rows are put into. Default: both. */
  readonly tables?: readonly string[];
  /** Columns that its tables lack, for the rows with NULLs. */
  readonly without?: readonly string[];
  /** Executed after the rows are in. */
  readonly then?: readonly string[];
  /** Names of columns, indexes and keys that are not declared, and have to be there in the end. */
  readonly extras?: readonly string[];
  /** What else has to be so in the end. */
  readonly after?: (session: Queryable) => Promise<void>;
  /** True where a migrate does not refuse it. */
  readonly migrates?: boolean;
  readonly only?: Flavour;
}
