import type { Argument, Option } from 'commander';
import type { ProgressListener } from '../engine/migrate/results';
import type { Options } from './options';
import type { Output } from './output/words';
import type { OpenDatabase, Services } from './services';

/** What a deed works with. */
interface DeedContext<Opened = OpenDatabase> {
  readonly database: Opened;
  readonly services: Services;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
  /** Whether stderr, where progress goes, is a terminal. */
  readonly isTerminal: boolean;
}

/** What is done on a database, and how its result reads. `ok` decides between the exit codes 0 and 1. */
export interface Deed<
  Result extends { readonly ok: boolean } = { readonly ok: boolean },
  Opened = OpenDatabase,
> {
  /** True where it looks at the signal, and stops between two statements. Others are dropped where they are. */
  readonly stopsBetweenStatements?: boolean;
  /** How it opens the database, where it needs more than the engine does. */
  open?(services: Services): (...parameters: Parameters<Services['openDatabase']>) => Promise<Opened>;
  run(context: DeedContext<Opened>): Promise<Result>;
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

/** A deed as the table of commands holds it, which knows no results. */
export const deed = <Result extends { readonly ok: boolean }, Opened = OpenDatabase>(
  one: Deed<Result, Opened>,
): Deed => one as unknown as Deed;
