import { unique } from '../schema/declare';
import { withTable, type Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';

/** The values of a row, as plain text, by column. */
export type ProbeValues = Readonly<Record<string, string | null>>;

/** A table's rows, as verify names and makes them. */
export interface TableProbe {
  /** What one row is called, and what several are: `order`, `orders`. */
  readonly one: string;
  readonly many: string;
  /** What the table's CHECKs want of a row. verify gives a value of its own to every other column that needs one. */
  readonly row?: ProbeValues;
}

/** Rows that show whether a CHECK works. Each is the table's own row with these changes. */
export interface CheckProbe {
  /** Rows that the CHECK refuses, by what is wrong with them: `an order without a customer`. */
  readonly refused: Readonly<Record<string, ProbeValues>>;
  /** A row that the CHECK lets in, and that has to be stored as it is given. */
  readonly accepted: ProbeValues;
  /** How the rows that break the CHECK come to keep it: what is done in one sentence, and the statements. */
  readonly repair: { readonly title: string; readonly statements: readonly string[] };
}

/** What the schema does not tell of its tables, by the name of a table or a CHECK. All of it may be left out. */
export interface Probes {
  readonly tables: Readonly<Record<string, TableProbe>>;
  readonly checks: Readonly<Record<string, CheckProbe>>;
}

/** What the rows of a table are called. */
export function inWords({ tables }: Probes, table: string): Pick<TableProbe, 'one' | 'many'> {
  return tables[table] ?? { one: `row of ${table}`, many: `rows of ${table}` };
}

/** A noun with its article. */
export const aOrAn = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

/** An invisible column that the server computes, and the unique index on it: no two rows may have the same value. */
export interface GuardColumn {
  readonly table: string;
  readonly name: string;
  /** As in a declaration: `varchar(64)`. */
  readonly type: string;
  /** What it is computed from, as SQL; NULL for the rows that may be there any number of times. */
  readonly expression: string;
  /** The name of the unique index. */
  readonly index: string;
  /** What makes a row one of those that may be there once; verify tries two of them. */
  readonly row: ProbeValues;
  /** How rows that share a value come to differ: what is done in one sentence, and the statements. */
  readonly repair: { readonly title: string; readonly statements: readonly string[] };
}

/** A trigger. */
export interface GuardTrigger {
  readonly table: string;
  /** Unique in the database. */
  readonly name: string;
  readonly when: `${'BEFORE' | 'AFTER'} ${'INSERT' | 'UPDATE' | 'DELETE'}`;
  /** Its statement: `BEGIN … END`. */
  readonly body: string;
}

/**
 * What may be added to a subject's tables so that programs which know nothing of it can write them without harm. They
 * are no part of the declared schema: somebody installs them, and removes them.
 */
export interface Guards {
  /** The user variable that is not NULL in the subject's own sessions, which the triggers let through: `@shop_writer`. */
  readonly mark: string;
  readonly columns: readonly GuardColumn[];
  /** In the order in which they are made; taken off the other way round. */
  readonly triggers: readonly GuardTrigger[];
}

/** The tables that guards are put on. */
export const guardedTables = ({ columns, triggers }: Guards): string[] => [
  ...new Set([...triggers, ...columns].map(({ table }) => table)),
];

/** The declared schema, in which the indexes of the guards are no fault where they are there. */
export function allowingGuards(schema: Schema, guards: Guards | undefined): Schema {
  return (guards?.columns ?? []).reduce(
    (all, { table, index, name }) =>
      withTable(all, table, (shape) => ({
        ...shape,
        allowed: [...(shape.allowed ?? []), unique(index, name)],
      })),
    schema,
  );
}

/** A statement that a check executed, and what the server answered. */
export interface Evidence {
  readonly sql: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** What a subject's own check came to. */
export interface SubjectOutcome {
  readonly status: 'pass' | 'fail' | 'skip';
  /** One sentence; for a failure, what is wrong. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** How to mend a failure; null when there is nothing to mend. */
  readonly remedy: string | null;
}

/**
 * What a subject promises of its rows, beyond what any schema can: proven by SELECTs, once the declared tables were seen to
 * be there. What the server does not let it read becomes a skip, with the server's reason.
 */
export interface SubjectCheck {
  /** Its name in the report: small letters and hyphens, none of verify's own. */
  readonly id: string;
  /** Looks, by SELECTs alone. */
  run(session: Queryable): Promise<SubjectOutcome>;
}

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

/** A question with the rows that it is about. */
export interface RaisedQuestion {
  readonly question: SubjectQuestion;
  readonly rows: readonly QuestionRow[];
}
