import type { HistoryEntry } from '../migrator';
import { select, type Queryable } from '../schema/queryable';
import type { Server } from '../schema/server';
import type { Schema } from '../schema/shape';
import type { CheckId, CheckResult, Evidence } from './report';

/** What the checks look at, read once. */
export interface VerifyContext {
  readonly session: Queryable;
  readonly server: Server;
  readonly database: string;
  /** The schema that all migrations declare. */
  readonly declared: Schema;
  /** The live tables: ours, and the parents of our keys. */
  readonly live: Schema;
  /** Null where there is no history table. */
  readonly history: readonly HistoryEntry[] | null;
  /** Names of all migrations of this code, oldest first. */
  readonly known: readonly string[];
}

/** One check. It reports what it can't do as `skip`; what it throws is a fault of the connection. */
export interface Check {
  readonly id: CheckId;
  run(context: VerifyContext): Promise<CheckOutcome>;
}

/** A check's result without its id. */
export type CheckOutcome = Omit<CheckResult, 'id'>;

/** All is as declared. */
export const pass = (summary: string, evidence: readonly Evidence[] = []): CheckOutcome => ({
  status: 'pass',
  summary,
  evidence,
  remedy: null,
});

/** Something differs; the remedy mends it. */
export const fail = (summary: string, remedy: string, evidence: readonly Evidence[] = []): CheckOutcome => ({
  status: 'fail',
  summary,
  evidence,
  remedy,
});

/** The check could not run; the summary says why. */
export const skip = (
  summary: string,
  evidence: readonly Evidence[] = [],
  remedy: string | null = null,
): CheckOutcome => ({
  status: 'skip',
  summary,
  evidence,
  remedy,
});

/** Right as far as it goes: keys whose parent table does not exist are left out. */
export const deferred = (summary: string, evidence: readonly Evidence[] = []): CheckOutcome => ({
  status: 'deferred',
  summary,
  evidence,
  remedy: 'Migrate again once the parent table is there.',
});

/** Executes a SELECT and keeps it as evidence. */
export async function ask(session: Queryable, sql: string): Promise<Evidence> {
  return { sql, rows: await select(session, sql) };
}

/** The declared tables that are not there. */
export function missingTables({ declared, live }: VerifyContext): string[] {
  return [...declared.keys()].filter((name) => !live.has(name));
}

/** The skip of a check that needs both tables, or null where they are there. */
export function unlessTables(context: VerifyContext): CheckOutcome | null {
  const missing = missingTables(context);
  return missing.length === 0 ? null : skip(`not run: ${missing.join(' and ')} not there`);
}

/** The server's error number of an error, wherever it was wrapped; null for an error that is none of the server's. */
export function errnoOf(error: unknown): number | null {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { errno } = at as { errno?: unknown };
    if (typeof errno === 'number' && errno > 0) return errno;
  }
  return null;
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
