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

/** The last two parts of a name like `database`.`table`.`column`. */
export function nameParts(name: string): { readonly table?: string; readonly last: string } {
  const parts = name.replaceAll('`', '').split('.');
  return { table: parts.at(-2), last: parts.at(-1) ?? name };
}
