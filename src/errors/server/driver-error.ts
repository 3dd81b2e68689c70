import type { ProtectionFlowsError } from '../protection-flows-error';

/** What is known of a driver's error: mysql2's own, or TypeORM's QueryFailedError, which copies its properties. */
export interface DriverError {
  readonly errno?: number;
  readonly code?: string;
  /** `connect`, `read` or `write`, where the system refused. */
  readonly syscall?: string;
  /** mysql2: the connection is of no more use. */
  readonly fatal?: boolean;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  /** Node's AggregateError, for a host with several addresses: one for each. */
  readonly errors?: readonly { readonly address?: string; readonly port?: number }[];
  /** The statement with placeholders, from TypeORM. */
  readonly query?: string;
  /** The statement with its values in it, from mysql2: to be looked at, never shown. */
  readonly sql?: string;
  readonly sqlMessage?: string;
  readonly message?: string;
}

/** A failure as the mappings see it. */
export interface Failure {
  readonly error: DriverError;
  /** The error as it was caught, to become the cause. */
  readonly cause: unknown;
  /** The server's sentence. Names are taken from it; what the failure is, the errno says. */
  readonly text: string;
  /** What failed, where the driver tells: a statement that writes rows, and of which table; or any other. */
  readonly statement?: { readonly writesRows: boolean; readonly table?: string };
}

/** The error of this package for a failure, or null where it has none. */
export type Mapping = (failure: Failure) => ProtectionFlowsError | null;

const rowStatement =
  /^(?:\s|\/\*[^]*?\*\/)*(?:INSERT|REPLACE|UPDATE|DELETE)\b(?:\s+(?:IGNORE|INTO|FROM|LOW_PRIORITY|QUICK)\b)*\s+(?:`?[^`\s.]+`?\.)?`?(\w+)/i;

/** Looks at a driver's error once, for all mappings. */
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

/** Where drivers keep a statement's values: mysql2 in `sql`, TypeORM in `parameters`, and in the error below. */
interface WithValues {
  sql?: unknown;
  query?: unknown;
  parameters?: unknown;
  driverError?: unknown;
  cause?: unknown;
}

/**
 * Takes the values of a statement out of the error that it failed with, and out of those below: they may be secrets, or
 * megabytes, and whoever prints the error would print them. The statement stays as it was written, with its marks.
 *
 * @param statement with marks, where the error itself does not have it
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
 * The server has undone the transaction, or the statement, for the sake of another one; the same again will do.
 * - 1213: deadlock; on a Galera cluster also a certification that was lost, at COMMIT too
 * - 1205: a lock was not had in time
 * - 1020: MariaDB from 11.6, innodb_snapshot_isolation: the row was changed since the snapshot
 * - 3101: MySQL Group Replication: a certification that was lost
 * - 1180 with InnoDB's error 149, at COMMIT: the same with several primaries, where the other transaction had come to this member
 *   before (measured on MySQL 9.7: nothing of the transaction is kept). With another error it says nothing of the transaction's end.
 *
 * @see https://mariadb.com/kb/en/innodb-transaction-isolation-levels/
 * @see https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html
 */
const lostErrnos = new Set([1213, 1205, 1020, 3101]);

/** True for a COMMIT in whose place the server has rolled back, for the sake of another transaction. */
export const isLostAtCommit = ({ errno, sqlMessage, message }: DriverError): boolean =>
  errno === 1180 && /^Got error 149\b/.test(sqlMessage ?? message ?? '');

/** True for the driver's error of a statement, or a transaction, that lost against another one. Never throws. */
export function isLostToAnother(error: unknown): boolean {
  try {
    const known = (error ?? {}) as DriverError;
    return lostErrnos.has(known.errno ?? 0) || isLostAtCommit(known);
  } catch {
    // Whatever was thrown throws itself when it is looked at: no driver's error does
    return false;
  }
}

/** A foreign key that keeps a row from being deleted; without names where the server hides a table from the user. */
export interface RestrictingKey {
  readonly key: string | null;
  /** The table whose rows refer to the one that was to go. */
  readonly table: string | null;
}

/** 1217 stands for 1451 where the user may not see the table that refers to the row. */
const rowIsReferenced: readonly (number | undefined)[] = [1451, 1217];

/** The key by which the server has refused to delete a row, on the way down a cascade too; null for any other error. */
export function restrictingKey(error: unknown): RestrictingKey | null {
  const { errno, sqlMessage, message = '', cause } = (error ?? {}) as DriverError & { cause?: unknown };
  if (errno === undefined) return cause === undefined ? null : restrictingKey(cause);
  if (!rowIsReferenced.includes(errno)) return null;
  const [, table = null, key = null] = /`([^`]+)`, CONSTRAINT `([^`]+)`/.exec(sqlMessage ?? message) ?? [];
  return { key, table };
}
