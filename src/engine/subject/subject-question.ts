import type { Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';

/** A row that a question is about. */
export interface QuestionRow {
  readonly id: string;
  readonly name: string;
  /** When it begins by itself, as things are now; null where it does not. */
  readonly next: Date | null;
  /** Why it does not; null where it does. */
  readonly reason: string | null;
}

/** The tables in which a question looks for its rows. */
export interface QuestionGround {
  readonly session: Queryable;
  readonly declared: Schema;
  /** The declared tables that are there, in whatever shape somebody made them, and the parents of their keys. */
  readonly live: Schema;
}

/**
 * Something that begins by itself once the tables are adopted, and that their owner may not want. While it is not answered,
 * adopt changes nothing. It is asked where no migration is recorded yet: from the first adopt on, what begins has begun.
 */
export interface SubjectQuestion {
  /** Its name among adopt's answers, and as an option of the command: small letters and hyphens. */
  readonly id: string;
  /** The answers, each with what it does: `lets them run`. */
  readonly answers: Readonly<Record<string, string>>;
  /** What is asked of so many rows, in whole sentences. */
  asks(rows: number): string;
  /** The rows that it is about; where there are none, it is not asked. SELECTs alone, and before anything is repaired. */
  find(ground: QuestionGround): Promise<QuestionRow[]>;
  /**
   * Does to those rows what the answer says; in the transaction that records the migrations, on tables as declared. The same
   * run may have set rows aside as orphans: `placesOf` answers where a table's rows are, the table first and then those in
   * which they are set aside, each as a name for SQL.
   */
  carryOut(
    session: Queryable,
    answer: string,
    rows: readonly QuestionRow[],
    placesOf: (table: string) => readonly string[],
  ): Promise<void>;
}
