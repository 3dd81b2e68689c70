import type { Argument, Option } from 'commander';
import type { ProgressListener } from '../engine/migrate/results';
import type { Options } from './options';
import type { Output } from './output/words';
import type { OpenDatabase, Services } from './services';

interface Result {
  readonly ok: boolean;
}

/** Stops a deed, and hears of its progress. */
interface Watched {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** What a deed works with. */
export interface DeedContext extends Watched {
  readonly database: OpenDatabase;
  readonly services: Services;
  /** Whether stderr, where progress goes, is a terminal. */
  readonly isTerminal: boolean;
}

/** What is done on a database, and how its result reads. `ok` decides between the exit codes 0 and 1. */
export interface Deed {
  /** True where it looks at the signal, and stops between two statements. Others are dropped where they are. */
  readonly stopsBetweenStatements?: boolean;
  /** How it opens the database, where it needs more than the engine does. */
  open?(services: Services): Services['openDatabase'];
  run(context: DeedContext): Promise<Result>;
  readonly output: Output<Result>;
}

/** A command as --help shows it, and what it does. */
export interface CommandRecord {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** The word behind its name, where it takes one. */
  readonly action?: Argument;
  readonly examples: readonly string[];
  /** What its exit codes 0 and 1 say. */
  readonly exits: string;
  /** What it does, by its options; null for the demonstration, which brings its own database. Throws USAGE. */
  readonly deed: ((options: Options) => Deed) | null;
}

/** Looks at a database, and changes nothing. */
export const looking = <Found extends Result>(
  output: Output<Found>,
  run: (services: Services, database: OpenDatabase) => Promise<Found>,
): Deed => ({ output, run: ({ services, database }) => run(services, database) });

/** Changes a database, and stops between two statements. */
export const changing = <Done extends Result>(
  output: Output<Done>,
  run: (services: Services, database: OpenDatabase, watched: Watched) => Promise<Done>,
): Deed => ({
  stopsBetweenStatements: true,
  output,
  run: ({ services, database, signal, onProgress }) => run(services, database, { signal, onProgress }),
});
