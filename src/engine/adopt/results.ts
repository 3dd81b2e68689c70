import type { Difference } from '../schema/compare';
import type { Decision } from '../repairs/repair';
import type { TableSize } from '../steps/alter-table';
import type { QuestionRow } from '../subject/parts';
import type { Finding, KeyResult, Where } from '../migrate/results';

export type { Decision, Difference };

/** What makes some differences between the live and the declared tables go away. */
export interface AdoptRepair {
  /** In words: `bring shop_orders to its declared shape`. */
  readonly title: string;
  readonly table: string;
  /** Empty where it only prepares or completes another, or writes rows alone. */
  readonly differences: readonly Difference[];
  /** How many rows get a default, or lose a time of '0000-00-00'. */
  readonly rows: number;
  /** The statements, in order, to be pasted as they are; `--repair` does the same in smaller pieces where it can. */
  readonly sql: readonly string[];
  /** The table that is copied while its writers wait, as far as can be told beforehand; null where none is. */
  readonly copies: ({ readonly table: string } & TableSize) | null;
  readonly status: 'repaired' | 'to-repair';
}

/** What became of a declared foreign key. */
export interface AdoptKey {
  readonly name: string;
  /** As in a migrate; `to-add` where it is absent, or by other rules, and nothing was carried out. */
  readonly status: KeyResult['status'] | 'to-add';
  readonly ms: number;
}

/** Something that begins by itself once the tables are adopted, and what was answered to it. */
export interface AdoptQuestion {
  readonly id: string;
  readonly asks: string;
  readonly answer: string | null;
  /** Without an answer nothing is carried out; with one, it is carried out when the migrations are recorded. */
  readonly status: 'unanswered' | 'answered' | 'carried-out';
  readonly choices: readonly {
    readonly answer: string;
    /** In words, after the answer. */
    readonly does: string;
    /** As an option of the command: `--schedules=on`. */
    readonly option: string;
  }[];
  /** All rows that it is about, those that begin first at the beginning. */
  readonly rows: readonly QuestionRow[];
}

/** What an adopt found and did, as `adopt --json` prints it. */
export interface AdoptResult extends Where {
  /** True when every migration is recorded and nothing is left to do but deferred keys. */
  readonly ok: boolean;
  /** True when every migration is recorded, by this run or before. */
  readonly recorded: boolean;
  /** The migrations that this run recorded, in order. */
  readonly adopted: readonly string[];
  /** What differs and can be repaired, or was, in the order in which it is carried out. */
  readonly repairs: readonly AdoptRepair[];
  /** What differs and is yours to decide: while there is any, nothing is carried out. */
  readonly decisions: readonly Decision[];
  /** What begins by itself after the first adopt; while one is unanswered, nothing is carried out. */
  readonly questions: readonly AdoptQuestion[];
  /** Every declared key, in declared order. */
  readonly keys: readonly AdoptKey[];
  readonly findings: readonly Finding[];
}
