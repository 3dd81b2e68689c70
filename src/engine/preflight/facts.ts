import type { ProtectionFlowsError } from '../../errors';
import type { OrphanChoice, Owner } from '../orphans/context';
import type { Orphans } from '../orphans/find-orphans';
import type { ForeignKey, Schema } from '../schema/shape';
import type { Words } from '../server/names';
import type { Server } from '../server/server';
import type { TableSize } from '../steps/alter-table';
import type { KeyState } from '../steps/key-state';
import { type Migration, type Step } from '../steps/step';
import type { Statement } from '../schema/ddl';
import type { RaisedQuestion } from '../subject/parts';
import type { Access } from './access/read-access';
import type { TakenName } from './taken-names';

/** The history's table, and what it records. */
export interface HistoryFact {
  readonly name: string;
  readonly exists: boolean;
  /** False where this user may not read it: then every migration counts as pending, and no key's state is known. */
  readonly isReadable: boolean;
  /** Names that it records, oldest first; none where it can't be read. */
  readonly names: readonly string[];
  /** The number of each row, which gives their order. */
  readonly ids: ReadonlyMap<string, number>;
  /** False where its table is of TypeORM's own form, or an older release's, and so is changed. */
  readonly isComplete: boolean;
  /** Names of those whose rollback died half-way; they count as pending. */
  readonly reverting: readonly string[];
}

/** The table of the migration lock's lease. */
export interface LockFact {
  readonly name: string;
  /** True in a cluster; on a single server a migrate does without. */
  readonly isNeeded: boolean;
  /** Known where it is needed. */
  readonly exists: boolean;
  /** Why the server gives no connection besides the session's, on which the lease is renewed; null where it gives one. */
  readonly refusal: ProtectionFlowsError | null;
}

/** A declared key with where it stands, and its orphans where they can be counted. */
export interface KeyFact {
  readonly table: string;
  readonly key: ForeignKey;
  /** True where the migration that adds it is applied: the key is late, or was lost. */
  readonly late: boolean;
  /** Where it stands once the pending migrations have made its table; `unreadable` for lack of privileges. */
  readonly state: KeyState | { readonly status: 'unreadable' };
  /** Null where there is nothing to scan, or no need: a present key of an applied migration. */
  readonly orphans: Orphans | null;
}

/** A migration as preflight needs it. */
export type KnownMigration = Pick<Migration, 'name' | 'steps'>;

/** One statement that a migrate would execute. */
export interface PlannedStatement {
  /** The migration it belongs to, or null for the pass that adds absent keys. */
  readonly migration: string | null;
  /** What the step does, in words. */
  readonly step: string;
  readonly sql: string;
  /** The table that it copies while its writers wait, with its size; null for one that holds up nobody. */
  readonly copies: ({ readonly table: string } & TableSize) | null;
}

/** A statement with what the rules need to know of it. */
interface StepStatement extends Statement {
  readonly migration: string | null;
  readonly step: Step;
}

/** What carrying out all pending steps would take, and what it would leave. */
export interface StepPlan {
  readonly statements: readonly StepStatement[];
  /** Steps that would refuse, each with its error. */
  readonly refusals: readonly { readonly step: Step; readonly error: ProtectionFlowsError }[];
  /** The live tables as the steps will leave them. */
  readonly after: Schema;
}

/** What the caller allows. */
export interface Wishes {
  /** What to do about orphans. */
  readonly orphans: OrphanChoice;
  /** Up to how many rows a table may be copied while its writers wait. */
  readonly copyLimitRows: number;
}

/** Everything the rules look at, read once. */
export interface Facts {
  readonly server: Server;
  /** How remedies name the subject's package and command. */
  readonly words: Words & Pick<Owner, 'tablePrefix'>;
  /** The command that is about to carry the plan out: how a remedy names it. */
  readonly planOf: 'migrate' | 'adopt --repair';
  readonly historyTable: HistoryFact;
  readonly lockTable: LockFact;
  /** All migrations of this code, oldest first. */
  readonly known: readonly KnownMigration[];
  readonly pending: readonly KnownMigration[];
  /** Those of them that the history records. */
  readonly applied: readonly KnownMigration[];
  /** The live tables: ours and the parents of our keys. */
  readonly live: Schema;
  readonly plan: StepPlan;
  readonly keys: readonly KeyFact[];
  /** Null where nothing is to be done, and nothing is hidden: then nobody needs to know. */
  readonly access: Access | null;
  /** Tables of which the user may see that they are there, at most: they are not in `live`. */
  readonly hidden: ReadonlySet<string>;
  readonly takenNames: readonly TakenName[];
  readonly wishes: Wishes;
  /** The quarantines that are there, by the table whose rows they keep; looked for where orphans go to quarantine. */
  readonly quarantines: ReadonlyMap<string, readonly string[]>;
  /** The size of each table that the plan copies. */
  readonly sizes: ReadonlyMap<string, TableSize>;
  /** The subject's questions that rows of tables made by hand raise. */
  readonly raised: readonly RaisedQuestion[];
}

/** What is known of the subject before its tables are looked at. */
export type OwnFacts = Pick<Facts, 'words' | 'planOf' | 'historyTable' | 'lockTable'>;
