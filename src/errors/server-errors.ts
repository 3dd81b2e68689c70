import { isProtectionFlowsError, type ProtectionFlowsError } from './protection-flows-error';
import * as account from './server/account-errors';
import * as connection from './server/connection-errors';
import { failureOf, type DriverError, type Mapping, withoutValues } from './server/driver-error';

/**
 * Mappings to errors of this package, each with the server's error numbers that it is for. The mappings for errors of rows
 * come from the owner of the tables, who knows their columns and keys.
 */
export type RowErrors = readonly (readonly [Mapping, ...(readonly number[])])[];

/**
 * The server's error numbers by their mapping; the same on MariaDB and MySQL if no comment says otherwise.
 *
 * @see https://mariadb.com/kb/en/mariadb-error-code-reference/
 * @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 */
const errnosOf: RowErrors = [
  [account.connectionsExhausted, 1040, 1129, 1184, 1203, 3032],
  [account.accountLimitReached, 1226],
  [account.accessDenied, 1044, 1045, 1130, 1698],
  // MySQL: 3118, 3159, 3955; MariaDB: 4150, 4151
  [account.accountShut, 1820, 1862, 3118, 3159, 3955, 4150, 4151],
  [connection.databaseMissing, 1049],
  [connection.privilegeMissing, 1142, 1143, 1227, 1370],
  // 1036: InnoDB is read-only, or one table; MySQL: 1015 a lock on a row where InnoDB is read-only, 1836
  // innodb_read_only, 3989 the database is READ ONLY
  [connection.serverReadOnly, 1015, 1030, 1036, 1290, 1792, 1836, 3989],
  // 1047: a Galera node outside of its cluster, or still joining it; MySQL: 3100, a member that Group Replication
  // has expelled or is recovering
  [connection.serverNotReady, 1047, 3100],
  // MariaDB: 1927, killed; MySQL: 4031, idle for too long
  [connection.connectionLost, 1053, 1927, 2006, 2013, 4031],
  [connection.commitInDoubt, 1180],
  [connection.packetTooLarge, 1153],
];

const byErrno = new Map(errnosOf.flatMap(([mapping, ...errnos]) => errnos.map((errno) => [errno, mapping])));

/** The mappings by the driver's or the system's code, for errors before a server has answered. */
const byCode: Readonly<Record<string, Mapping>> = {
  ENOTFOUND: connection.hostUnknown,
  EAI_AGAIN: connection.hostUnknown,
  ECONNREFUSED: connection.connectionRefused,
  EHOSTUNREACH: connection.noRoute,
  ENETUNREACH: connection.noRoute,
  ETIMEDOUT: connection.connectionTimeout,
  PROTOCOL_SEQUENCE_TIMEOUT: connection.connectionTimeout, // mysql2: a statement's own limit
  ECONNRESET: connection.connectionLost,
  EPIPE: connection.connectionLost,
  PROTOCOL_CONNECTION_LOST: connection.connectionLost,
  HANDSHAKE_NO_SSL_SUPPORT: connection.tlsFailed, // mysql2: the server has no TLS
  HANDSHAKE_SSL_ERROR: connection.tlsFailed,
};

/** The codes of OpenSSL and Node.js for a certificate that can't be verified, or a failed handshake. */
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET)_|HOSTNAME_MISMATCH)/;

function mappingFor({ errno, code, syscall, fatal }: DriverError, rowErrors: RowErrors): Mapping | undefined {
  const ofRow = rowErrors.find(([, ...errnos]) => errno !== undefined && errnos.includes(errno));
  const byNumber = ofRow?.[0] ?? (errno === undefined ? undefined : byErrno.get(errno));
  if (byNumber) return byNumber;
  // mysql2 gives no code and no errno for a statement on a closed connection
  if (code === undefined) return fatal && errno === undefined ? connection.connectionLost : undefined;
  // The file of a socket that does not exist; any other ENOENT is about a file of the program
  if (code === 'ENOENT') return syscall === 'connect' ? connection.connectionRefused : undefined;
  const mapping = byCode[code] ?? (tlsCode.test(code) ? connection.tlsFailed : undefined);
  // On an open connection the same code means that a statement was interrupted
  return mapping && (syscall === 'read' || syscall === 'write') ? connection.connectionLost : mapping;
}

/** The result for each error: it can't be computed again after the statement, which names the table, is removed. */
const answered = new WeakMap<object, ProtectionFlowsError>();

/**
 * Translates a driver's error (of mysql2, or TypeORM's QueryFailedError) to the error of this package; null if there is
 * none, and the caller has to decide. Returns an error of this package as it is, and the same result for the same error.
 *
 * The driver's error becomes the cause, without the values of its statement (see {@link withoutValues}).
 *
 * @param rowErrors the mappings for errors of rows; none by default, as this folder knows no table
 */
export function fromServerError(error: unknown, rowErrors: RowErrors = []): ProtectionFlowsError | null {
  if (isProtectionFlowsError(error)) return error;
  if (typeof error !== 'object' || error === null) return null;
  try {
    // TypeORM wraps every error of the driver, also one of this package
    const { driverError } = error as { driverError?: unknown };
    if (isProtectionFlowsError(driverError)) return driverError;
    const known = answered.get(error) ?? mappingFor(error, rowErrors)?.(failureOf(error, error)) ?? null;
    if (known === null) return null;
    answered.set(error, known);
    withoutValues(error);
    return known;
  } catch {
    // A getter of the thrown value throws: it is no driver's error
    return null;
  }
}

/** The same, but an error without translation is returned itself, without the values of its statement. */
export function translated(error: unknown, rowErrors?: RowErrors): unknown {
  return fromServerError(error, rowErrors) ?? withoutValues(error);
}
