import { unique } from '../schema/declare';
import { withTable, type Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';

/** The values of a row, as plain text, by column. */
export type ProbeValues = Readonly<Record<string, string | null>>;

/** How verify names and makes rows of a table. */
export interface TableProbe {
  /** The noun for one row, and for several: `order`, `orders`. */
  readonly one: string;
  readonly many: string;
  /** The values that the table's CHECKs require. verify chooses a value for every other column that needs one. */
  readonly row?: ProbeValues;
}

/** Rows that show whether a CHECK works. Each is the row of {@link TableProbe} with these changes. */
export interface CheckProbe {
  /** Rows that the CHECK refuses, by what is wrong with them: `an order without a customer`. */
  readonly refused: Readonly<Record<string, ProbeValues>>;
  /** A row that the CHECK accepts, and that the server has to store unchanged. */
  readonly accepted: ProbeValues;
  /** How to repair the rows that break the CHECK: in one sentence, and as statements. */
  readonly repair: { readonly title: string; readonly statements: readonly string[] };
}

/** What verify needs to know beyond the schema, by the name of a table or a CHECK. Each entry is optional. */
export interface Probes {
  readonly tables: Readonly<Record<string, TableProbe>>;
  readonly checks: Readonly<Record<string, CheckProbe>>;
}

/** The nouns for the rows of a table. */
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
  /** Its expression, as SQL; NULL for rows that may exist any number of times. */
  readonly expression: string;
  /** The name of the unique index. */
  readonly index: string;
  /** The values of a row that may exist only once; verify tries to insert two. */
  readonly row: ProbeValues;
  /** How to repair rows that share a value: in one sentence, and as statements. */
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
 * What can be added to a subject's tables so that programs that know nothing of it write them without harm. Guards are
 * not part of the declared schema: somebody installs and removes them.
 */
export interface Guards {
  /** A user variable such as `@shop_writer`. The triggers do nothing in the subject's own sessions, where it is not NULL. */
  readonly mark: string;
  readonly columns: readonly GuardColumn[];
  /** In the order in which they are created; they are dropped in the opposite order. */
  readonly triggers: readonly GuardTrigger[];
}

/** The tables that have guards. */
export const guardedTables = ({ columns, triggers }: Guards): string[] => [
  ...new Set([...triggers, ...columns].map(({ table }) => table)),
];

/** The schema, with the indexes of the guards allowed. */
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

/** The outcome of a subject's own check. */
export interface SubjectOutcome {
  readonly status: 'pass' | 'fail' | 'skip';
  /** One sentence; for a failure, what is wrong. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** How to mend a failure; null when there is nothing to mend. */
  readonly remedy: string | null;
}

/**
 * Proves what a subject promises about its rows, beyond what a schema can express. verify runs it only where all declared
 * tables exist. Where the server refuses a SELECT, the result is a skip with the server's reason.
 */
export interface SubjectCheck {
  /** Its name in the report: small letters and hyphens, and no id of verify's own checks. */
  readonly id: string;
  /** Checks, with SELECTs alone. */
  run(session: Queryable): Promise<SubjectOutcome>;
}

/** A row that a question is about. */
export interface QuestionRow {
  readonly id: string;
  readonly name: string;
  /** When it begins by itself, as things are now; null where it does not begin. */
  readonly next: Date | null;
  /** Why it does not begin; null where it does. */
  readonly reason: string | null;
}

/** The tables in which a question looks for its rows. */
export interface QuestionGround {
  readonly session: Queryable;
  readonly declared: Schema;
  /** The declared tables that exist, in whatever shape somebody made them, and the parents of their keys. */
  readonly live: Schema;
}

/**
 * A question about something that begins by itself after the adopt, and that the owner may not want. Without an answer,
 * adopt changes nothing. It is asked only while no migration is recorded: after the first adopt it is too late.
 */
export interface SubjectQuestion {
  /** Its name among adopt's answers, and as an option of the command: small letters and hyphens. */
  readonly id: string;
  /** The answers, each with what it does: `lets them run`. */
  readonly answers: Readonly<Record<string, string>>;
  /** The question about that number of rows, in whole sentences. */
  asks(rows: number): string;
  /** Finds the rows that it is about, with SELECTs alone, before any repair. Without rows the question is not asked. */
  find(ground: QuestionGround): Promise<QuestionRow[]>;
  /**
   * Carries the answer out for those rows, on tables as declared, in the transaction that records the migrations. The same
   * run may have moved rows to quarantine as orphans: `placesOf` returns the quoted names of the tables that hold a table's
   * rows, the table itself first, then its quarantine tables.
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
