import type { Difference } from '../schema/compare';
import type { Decision } from '../repairs/repair';
import type { TableSize } from '../steps/alter-table';
import type { QuestionRow } from '../subject/parts';
import type { Finding, KeyResult, Where } from '../migrate/results';

export type { Decision, Difference };

/** A repair: it ends differences between the live and the declared tables. */
export interface AdoptRepair {
  /** In words: `bring shop_orders to its declared shape`. */
  readonly title: string;
  readonly table: string;
  /** Empty for a repair that only prepares or completes another one, or only writes rows. */
  readonly differences: readonly Difference[];
  /** How many rows get a default, or lose a time of '0000-00-00'. */
  readonly rows: number;
  /** The statements, in order, ready to paste. `--repair` does the same in smaller steps where it can. */
  readonly sql: readonly string[];
  /** The table that the server is expected to copy while its writers wait; null for none. */
  readonly copies: ({ readonly table: string } & TableSize) | null;
  readonly status: 'repaired' | 'to-repair';
}

/** A declared foreign key after the adopt. */
export interface AdoptKey {
  readonly name: string;
  /** As in a migrate; `to-add` for one that is missing or has other rules, and that this run did not add. */
  readonly status: KeyResult['status'] | 'to-add';
  readonly ms: number;
}

/** A question about what begins by itself after the adopt, with its answer. */
export interface AdoptQuestion {
  readonly id: string;
  readonly asks: string;
  readonly answer: string | null;
  /** While one is `unanswered`, adopt changes nothing. The transaction that records the migrations carries answers out. */
  readonly status: 'unanswered' | 'answered' | 'carried-out';
  readonly choices: readonly {
    readonly answer: string;
    /** In words, after the answer. */
    readonly does: string;
    /** As an option of the command: `--schedules=on`. */
    readonly option: string;
  }[];
  /** All rows that it is about; those that begin first come first. */
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
  /** The repairs, to do or done, in their order. */
  readonly repairs: readonly AdoptRepair[];
  /** What only you can decide. While there is a decision, nothing is carried out. */
  readonly decisions: readonly Decision[];
  /** What begins by itself after the first adopt. While a question is unanswered, nothing is carried out. */
  readonly questions: readonly AdoptQuestion[];
  /** Every declared key, in declared order. */
  readonly keys: readonly AdoptKey[];
  readonly findings: readonly Finding[];
}
