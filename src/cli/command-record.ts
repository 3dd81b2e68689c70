import type { Argument, Option } from 'commander';
import type { ProgressListener } from '../engine/migrate/results';
import type { Options } from './options';
import type { Output } from './output/words';
import type { OpenDatabase, Services } from './services';

interface Result {
  readonly ok: boolean;
}

/** How a deed is stopped, and where it reports its progress. */
interface Watched {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** What a deed is given. */
export interface DeedContext extends Watched {
  readonly database: OpenDatabase;
  readonly services: Services;
  /** Whether stderr, where progress goes, is a terminal. */
  readonly isTerminal: boolean;
}

/** The work of one command on a database, and how its result is printed. `ok` decides between exit code 0 and 1. */
export interface Deed {
  /** True if it obeys the signal and stops between two statements. Any other deed is abandoned at once. */
  readonly stopsBetweenStatements?: boolean;
  /** How to open the database, if not by `openDatabase`. */
  open?(services: Services): Services['openDatabase'];
  run(context: DeedContext): Promise<Result>;
  readonly output: Output<Result>;
}

/** A command: its help, and its work. */
export interface CommandRecord {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** The word after its name, if it takes one. */
  readonly action?: Argument;
  readonly examples: readonly string[];
  /** What its exit codes 0 and 1 mean. */
  readonly exits: string;
  /** Makes its work from the options, or throws USAGE. Null for the demonstration, which brings its own database. */
  readonly deed: ((options: Options) => Deed) | null;
}

/** A deed that reads a database and changes nothing. */
export const looking = <Found extends Result>(
  output: Output<Found>,
  run: (services: Services, database: OpenDatabase) => Promise<Found>,
): Deed => ({ output, run: ({ services, database }) => run(services, database) });

/** A deed that changes a database, and stops between two statements. */
export const changing = <Done extends Result>(
  output: Output<Done>,
  run: (services: Services, database: OpenDatabase, watched: Watched) => Promise<Done>,
): Deed => ({
  stopsBetweenStatements: true,
  output,
  run: ({ services, database, signal, onProgress }) => run(services, database, { signal, onProgress }),
});
