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

/** The history's table and its rows. */
export interface HistoryFact {
  readonly name: string;
  readonly exists: boolean;
  /** False where this user may not read it: then every migration counts as pending, and no key's state is known. */
  readonly isReadable: boolean;
  /** Names of applied migrations, oldest first; none where it can't be read. */
  readonly names: readonly string[];
  /** The id of each row. The ids give the order. */
  readonly ids: ReadonlyMap<string, number>;
  /** False where TypeORM or an older release created the table, so that migrate has to alter it. */
  readonly isComplete: boolean;
  /** Names of migrations whose rollback died half-way; they count as pending. */
  readonly reverting: readonly string[];
}

/** The table of the migration lock's lease. */
export interface LockFact {
  readonly name: string;
  /** True in a cluster. On a single server, migrate can do without. */
  readonly isNeeded: boolean;
  /** False where it is not needed. */
  readonly exists: boolean;
  /** Why the server refuses a second connection, which renews the lease; null where it gives one. */
  readonly refusal: ProtectionFlowsError | null;
}

/** A declared key with its state, and its orphans where they can be counted. */
export interface KeyFact {
  readonly table: string;
  readonly key: ForeignKey;
  /** True where its migration is applied: the key was deferred, or somebody has dropped it. */
  readonly late: boolean;
  /** Its state after the pending migrations have made its table; `unreadable` without the privileges to read it. */
  readonly state: KeyState | { readonly status: 'unreadable' };
  /** Null where orphans can't be counted, or need not: for a present key of an applied migration. */
  readonly orphans: Orphans | null;
}

/** The parts of a migration that preflight needs. */
export type KnownMigration = Pick<Migration, 'name' | 'steps'>;

/** One statement that a migrate would execute. */
export interface PlannedStatement {
  /** Its migration; null for the pass that adds missing keys. */
  readonly migration: string | null;
  /** The step in words. */
  readonly step: string;
  readonly sql: string;
  /** The table that it copies while writers wait, with its size; null for a statement that blocks nobody. */
  readonly copies: ({ readonly table: string } & TableSize) | null;
}

/** A statement with its migration and step. */
interface StepStatement extends Statement {
  readonly migration: string | null;
  readonly step: Step;
}

/** The statements of all pending steps, and their result. */
export interface StepPlan {
  readonly statements: readonly StepStatement[];
  /** Steps that would refuse, each with its error. */
  readonly refusals: readonly { readonly step: Step; readonly error: ProtectionFlowsError }[];
  /** The live tables after the steps. */
  readonly after: Schema;
}

/** What the caller allows. */
export interface Wishes {
  /** What to do about orphans. */
  readonly orphans: OrphanChoice;
  /** The most rows of a table that may be copied while its writers wait. */
  readonly copyLimitRows: number;
}

/** Everything that the rules judge, read once. */
export interface Facts {
  readonly server: Server;
  /** How remedies name the subject's package and command. */
  readonly words: Words & Pick<Owner, 'tablePrefix'>;
  /** The command that would carry out the plan, for remedies. */
  readonly planOf: 'migrate' | 'adopt --repair';
  readonly historyTable: HistoryFact;
  readonly lockTable: LockFact;
  /** All migrations of this code, oldest first. */
  readonly known: readonly KnownMigration[];
  readonly pending: readonly KnownMigration[];
  /** The known migrations that the history records. */
  readonly applied: readonly KnownMigration[];
  /** The live tables: the subject's and the parents of its keys. */
  readonly live: Schema;
  readonly plan: StepPlan;
  readonly keys: readonly KeyFact[];
  /** Null where nothing is to be done and nothing is hidden: then it is not read. */
  readonly access: Access | null;
  /** Tables whose shape the user may not see. They are not in `live`. */
  readonly hidden: ReadonlySet<string>;
  readonly takenNames: readonly TakenName[];
  readonly wishes: Wishes;
  /** The existing quarantines, by the table of their rows; read only where orphans are to be quarantined. */
  readonly quarantines: ReadonlyMap<string, readonly string[]>;
  /** The size of each table that the plan copies. */
  readonly sizes: ReadonlyMap<string, TableSize>;
  /** The subject's questions that rows of hand-made tables raise. */
  readonly raised: readonly RaisedQuestion[];
}

/** Facts that are known before the subject's tables are read. */
export type OwnFacts = Pick<Facts, 'words' | 'planOf' | 'historyTable' | 'lockTable'>;
