import type { ProtectionFlowsError } from '../protection-flows-error';

/** The properties of a driver's error: of mysql2, or of TypeORM's QueryFailedError, which copies them. */
export interface DriverError {
  readonly errno?: number;
  readonly code?: string;
  /** `connect`, `read` or `write`, if the system refused. */
  readonly syscall?: string;
  /** mysql2: the connection can't be used any more. */
  readonly fatal?: boolean;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  /** Of Node's AggregateError for a host with several addresses: an error for each. */
  readonly errors?: readonly { readonly address?: string; readonly port?: number }[];
  /** The statement with placeholders, from TypeORM. */
  readonly query?: string;
  /** The statement with its values, from mysql2. Never show it. */
  readonly sql?: string;
  readonly sqlMessage?: string;
  readonly message?: string;
}

/** A failure, as the mappings receive it. */
export interface Failure {
  readonly error: DriverError;
  /** The error as it was caught, to become the cause. */
  readonly cause: unknown;
  /** The server's sentence. Only names are read from it; the errno tells the failure. */
  readonly text: string;
  /** The failed statement, if the driver tells it: whether it writes rows, and of which table. */
  readonly statement?: { readonly writesRows: boolean; readonly table?: string };
}

/** Returns the error of this package for a failure, or null if there is none. */
export type Mapping = (failure: Failure) => ProtectionFlowsError | null;

const rowStatement =
  /^(?:\s|\/\*[^]*?\*\/)*(?:INSERT|REPLACE|UPDATE|DELETE)\b(?:\s+(?:IGNORE|INTO|FROM|LOW_PRIORITY|QUICK)\b)*\s+(?:`?[^`\s.]+`?\.)?`?(\w+)/i;

/** Prepares a driver's error for the mappings. */
export function failureOf(error: DriverError, cause: unknown): Failure {
  const statement = error.query ?? error.sql;
  const match = statement === undefined ? null : rowStatement.exec(statement);
  return {
    error,
    cause,
    text: error.sqlMessage ?? error.message ?? '',
    ...(statement === undefined ? {} : { statement: { writesRows: match !== null, table: match?.[1] } }),
  };
}

/** The account that a server's sentence names: `'user'@'host'`. */
export const userIn = (text: string): string | undefined => /user ('[^']*'@'[^']*')/i.exec(text)?.[1];

/** The last two parts of a name like `database`.`table`.`column`. */
export function nameParts(name: string): { readonly table?: string; readonly last: string } {
  const parts = name.replaceAll('`', '').split('.');
  return { table: parts.at(-2), last: parts.at(-1) ?? name };
}

/** The places of a statement's values in errors: `sql` of mysql2, `parameters` of TypeORM, and the wrapped errors. */
interface WithValues {
  sql?: unknown;
  query?: unknown;
  parameters?: unknown;
  driverError?: unknown;
  cause?: unknown;
}

/**
 * Removes the values of a statement from the error that it failed with, and from the wrapped errors. A program that prints
 * the error would print them, and they may be secrets or megabytes. The statement keeps its placeholders.
 *
 * @param statement with placeholders, if the error itself does not have it
 * @returns the same error
 */
export function withoutValues<Thrown>(thrown: Thrown, statement?: string): Thrown {
  const seen = new Set<unknown>();
  const clean = (error: unknown): void => {
    if (typeof error !== 'object' || error === null || seen.has(error)) return;
    seen.add(error);
    const one = error as WithValues;
    const written = typeof one.query === 'string' ? one.query : statement;
    if (typeof one.sql === 'string') one.sql = written;
    if (Array.isArray(one.parameters)) one.parameters = undefined;
    if (typeof one.driverError === 'object') withoutValues(one.driverError, written);
    clean(one.cause);
  };
  clean(thrown);
  return thrown;
}

/**
 * The server has rolled back the transaction, or the statement, in favour of another one. A retry may succeed.
 * - 1213: deadlock; on a Galera cluster also a lost certification, at COMMIT too
 * - 1205: the wait for a lock timed out
 * - 1020: MariaDB from 11.6, innodb_snapshot_isolation: the row was changed since the snapshot
 * - 3101: MySQL Group Replication: a lost certification
 * - 1180 with InnoDB's error 149, at COMMIT: the same with several primaries, if the other transaction reached this member first
 *   (measured on MySQL 9.7: nothing of the transaction is kept). With another error it does not tell the transaction's outcome.
 *
 * @see https://mariadb.com/kb/en/innodb-transaction-isolation-levels/
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html
 */
const lostErrnos = new Set([1213, 1205, 1020, 3101]);

/** True for a COMMIT that the server has turned into a rollback in favour of another transaction. */
export const isLostAtCommit = ({ errno, sqlMessage, message }: DriverError): boolean =>
  errno === 1180 && /^Got error 149\b/.test(sqlMessage ?? message ?? '');

/** True for the driver's error of a statement or transaction that the server gave up in favour of another. Never throws. */
export function isLostToAnother(error: unknown): boolean {
  try {
    const known = (error ?? {}) as DriverError;
    return lostErrnos.has(known.errno ?? 0) || isLostAtCommit(known);
  } catch {
    // A getter of the thrown value throws: it is no driver's error
    return false;
  }
}

/** A foreign key that keeps a row from being deleted. Its names are null if the server hides the table from the user. */
export interface RestrictingKey {
  readonly key: string | null;
  /** The table whose rows refer to the row to delete. */
  readonly table: string | null;
}

/** 1217 replaces 1451 if the user may not see the table that refers to the row. */
const rowIsReferenced: readonly (number | undefined)[] = [1451, 1217];

/** The key for which the server refused to delete a row, also within a cascade; null for any other error. */
export function restrictingKey(error: unknown): RestrictingKey | null {
  const { errno, sqlMessage, message = '', cause } = (error ?? {}) as DriverError & { cause?: unknown };
  if (errno === undefined) return cause === undefined ? null : restrictingKey(cause);
  if (!rowIsReferenced.includes(errno)) return null;
  const [, table = null, key = null] = /`([^`]+)`, CONSTRAINT `([^`]+)`/.exec(sqlMessage ?? message) ?? [];
  return { key, table };
}
