import { isProtectionFlowsError, type ProtectionFlowsError } from './protection-flows-error';
import * as account from './server/account-errors';
import * as connection from './server/connection-errors';
import { failureOf, type DriverError, type Mapping, withoutValues } from './server/driver-error';

/**
 * What errors stand for, each with the server's numbers that stand for it. Those of rows come from whoever owns the tables,
 * and knows their columns and keys.
 */
export type RowErrors = readonly (readonly [Mapping, ...(readonly number[])])[];

/**
 * The server's error numbers, the same on MariaDB and MySQL where not said otherwise, by what they stand for.
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

/** By the driver's or the system's code, where no server has answered. */
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

/** OpenSSL's and Node's own codes of a certificate that can't be verified, or of a handshake that failed. */
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(VERIFY|GET)_|HOSTNAME_MISMATCH)/;

function mappingFor({ errno, code, syscall, fatal }: DriverError, rowErrors: RowErrors): Mapping | undefined {
  const ofRow = rowErrors.find(([, ...errnos]) => errno !== undefined && errnos.includes(errno));
  const byNumber = ofRow?.[0] ?? (errno === undefined ? undefined : byErrno.get(errno));
  if (byNumber) return byNumber;
  // mysql2 gives neither when a statement comes to a connection that is closed already
  if (code === undefined) return fatal && errno === undefined ? connection.connectionLost : undefined;
  // A socket's file that isn't there; any other ENOENT is a file of the program's
  if (code === 'ENOENT') return syscall === 'connect' ? connection.connectionRefused : undefined;
  const mapping = byCode[code] ?? (tlsCode.test(code) ? connection.tlsFailed : undefined);
  // The same code on an open connection is another thing: a statement was under way
  return mapping && (syscall === 'read' || syscall === 'write') ? connection.connectionLost : mapping;
}

/** What was answered for an error: it can't be found anew, once the statement that told the table is taken out. */
const answered = new WeakMap<object, ProtectionFlowsError>();

/**
 * The error of this package that a driver's error stands for: of mysql2, or TypeORM's QueryFailedError. Null where it
 * stands for none, and the caller has to decide. An error of this package is returned as it is. Whoever asks again for the
 * same error gets the same answer.
 *
 * The error becomes the cause, without the values of its statement (see {@link withoutValues}).
 *
 * @param rowErrors what the errors of rows stand for; none by default, as this folder knows no table
 */
export function fromServerError(error: unknown, rowErrors: RowErrors = []): ProtectionFlowsError | null {
  if (isProtectionFlowsError(error)) return error;
  if (typeof error !== 'object' || error === null) return null;
  try {
    // TypeORM wraps what the driver throws, also where that is of this package
    const { driverError } = error as { driverError?: unknown };
    if (isProtectionFlowsError(driverError)) return driverError;
    const known = answered.get(error) ?? mappingFor(error, rowErrors)?.(failureOf(error, error)) ?? null;
    if (known === null) return null;
    answered.set(error, known);
    withoutValues(error);
    return known;
  } catch {
    // Whatever was thrown throws itself when it is looked at: no driver's error does
    return null;
  }
}

/** The error of this package that a driver's error stands for; any other as it is, without the statement's values. */
export function translated(error: unknown, rowErrors?: RowErrors): unknown {
  return fromServerError(error, rowErrors) ?? withoutValues(error);
}
