import type { ErrorCode } from '../../errors';
import type { Finding, FindingEffect } from '../preflight/finding';
import type { PlannedStatement } from '../preflight/facts';
import type { GuardsState } from '../guards/read-guards';
import { whereOf, type Where } from '../server/server';

export type { ProgressEvent, ProgressListener } from '../session/migration-session';
export { isInTheWay } from '../preflight/finding';
export type { Finding, FindingEffect, GuardsState, PlannedStatement };

export { whereOf, type Where };

/** The result of preflight, as `preflight --json` prints it. */
export interface PreflightResult extends Where {
  /** True when a migrate could do all its work. Deferred keys, and faults that it repairs, do not count. */
  readonly ok: boolean;
  /** In the order of the rules; `effect` says what each means for the migrate. */
  readonly findings: readonly Finding[];
}

/** What a migrate did about one declared foreign key. */
export interface KeyResult {
  readonly name: string;
  /**
   * `added` by this run; `present` before it; `deferred` because the parent table does not exist yet; `refused`
   * because of a finding.
   */
  readonly status: 'added' | 'present' | 'deferred' | 'refused';
  /** How long this run worked on it, scans included, in milliseconds. */
  readonly ms: number;
}

/** What a migrate did, as `migrate --json` prints it. */
export interface MigrateResult extends Where {
  /** True when nothing is left to do but deferred keys. */
  readonly ok: boolean;
  /** Names of the migrations that this run applied, in order. */
  readonly applied: readonly string[];
  /** Every declared key, in declared order. */
  readonly keys: readonly KeyResult[];
  readonly findings: readonly Finding[];
}

/** What a migrate would do, as `migrate --plan --json` prints it. */
export interface MigratePlan extends Where {
  /** True when the plan could be carried out now. */
  readonly ok: boolean;
  readonly pending: readonly string[];
  /** The pending migrations that break programs of the previous release: by name, how to deploy around it. */
  readonly breaking: Readonly<Record<string, string>>;
  readonly statements: readonly PlannedStatement[];
  readonly keys: readonly {
    readonly name: string;
    readonly status: 'to-add' | 'present' | 'deferred' | 'refused';
  }[];
  readonly findings: readonly Finding[];
}

/** What a rollback did, as `rollback --json` prints it. */
export interface RollbackResult extends Where {
  readonly ok: boolean;
  /** Names of the migrations undone, newest first. */
  readonly undone: readonly string[];
  /** The number of deleted rows, or lost values, that the caller allowed, by table. */
  readonly discarded: Readonly<Record<string, number>>;
}

/** What a rollback would do, as `rollback --plan --json` prints it. */
export interface RollbackPlan extends Where {
  /** True when the rollback could run now, with the same options. */
  readonly ok: boolean;
  /** Names of the migrations that it would undo, newest first. */
  readonly undoing: readonly string[];
  /** The statements in order; `migration` is the migration that each belongs to. */
  readonly statements: readonly PlannedStatement[];
  /** The number of rows that would be lost, by table. With `--discard-rows` they do not stop the rollback. */
  readonly lost: Readonly<Record<string, number>>;
  /** The faults that stop the rollback. */
  readonly refusals: readonly {
    readonly code: ErrorCode;
    readonly message: string;
    readonly remedy: string;
    readonly details: Readonly<Record<string, unknown>>;
  }[];
}

/** One migration, as `status` shows it. */
export interface MigrationStatus {
  readonly name: string;
  /** `unknown`: the history records it, but this code does not know it. */
  readonly status: 'applied' | 'pending' | 'unknown';
  /** When it was applied, ISO 8601 in UTC; null when pending or not recorded. */
  readonly appliedAt: string | null;
  /**
   * False where programs of the previous release keep working before, during and after it; else a text that says which can't,
   * and how to deploy around it. Null for an unknown migration.
   */
  readonly breaking: false | string | null;
}

/** One declared foreign key, as `status` shows it. */
export interface KeyStatus {
  readonly name: string;
  /** `deferred`: its parent table does not exist yet. */
  readonly status: 'present' | 'deferred' | 'missing';
  readonly table: string;
  readonly column: string;
  readonly parentTable: string;
  readonly parentColumn: string;
  /** The delete rule: `CASCADE`, `SET NULL`, … */
  readonly onDelete: string;
}

/** The state of the database's history and keys, as `status --json` prints it. */
export interface StatusResult extends Where {
  /** True when every migration is applied, none is unknown, and no key is `missing`. */
  readonly ok: boolean;
  readonly migrations: readonly MigrationStatus[];
  readonly keys: readonly KeyStatus[];
  /** The state of the guards; `absent` where none are installed or declared. */
  readonly guards: GuardsState;
}
