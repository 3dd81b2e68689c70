import { isProtectionFlowsError, type ProtectionFlowsError } from './protection-flows-error';
import * as account from './server/account-errors';
import * as connection from './server/connection-errors';
import { failureOf, type DriverError, type Mapping, withoutValues } from './server/driver-error';
import * as row from './server/row-errors';
import { packetTooLarge } from './server/connection-errors';

/**
 * By the server's error number. The numbers are the same on MariaDB and MySQL where not said otherwise.
 * @see https://mariadb.com/kb/en/mariadb-error-code-reference/
 * @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
 */
const byErrno: Readonly<Record<number, Mapping>> = {
  1040: account.connectionsExhausted,
  1129: account.connectionsExhausted,
  1203: account.connectionsExhausted,
  3032: account.connectionsExhausted,
  1226: account.accountLimitReached,
  1044: account.accessDenied,
  1045: account.accessDenied,
  1130: account.accessDenied,
  1698: account.accessDenied,
  1820: account.accountShut,
  1862: account.accountShut,
  3118: account.accountShut, // MySQL
  3159: account.accountShut, // MySQL
  3955: account.accountShut, // MySQL
  4150: account.accountShut, // MariaDB
  4151: account.accountShut, // MariaDB
  1049: connection.databaseMissing,
  1142: connection.privilegeMissing,
  1143: connection.privilegeMissing,
  1227: connection.privilegeMissing,
  1370: connection.privilegeMissing,
  1015: connection.serverReadOnly, // MySQL: a lock on a row where InnoDB is read-only
  1030: connection.serverReadOnly,
  1036: connection.serverReadOnly, // InnoDB is read-only, or one table
  1290: connection.serverReadOnly,
  1792: connection.serverReadOnly,
  1836: connection.serverReadOnly, // MySQL: innodb_read_only
  3989: connection.serverReadOnly, // MySQL: the database is READ ONLY
  1047: connection.serverNotReady, // a Galera node outside of its cluster, or still joining it
  3100: connection.serverNotReady, // MySQL: a member that Group Replication has expelled or is recovering
  1053: connection.connectionLost,
  1927: connection.connectionLost, // MariaDB: killed
  2006: connection.connectionLost,
  2013: connection.connectionLost,
  4031: connection.connectionLost, // MySQL: idle for too long

  1153: packetTooLarge,

  1048: row.valueMissing,
  1364: row.valueMissing,
  1406: row.valueTooLong,
  1264: row.valueOutOfRange,
  1265: row.valueOfWrongKind,
  1292: row.valueOfWrongKind,
  1366: row.valueOfWrongKind,
  3140: row.valueOfWrongKind, // MySQL: no JSON
  3819: row.checkViolated, // MySQL
  4025: row.checkViolated, // MariaDB
  1062: row.duplicateKey,
  1146: row.ownTableMissing,
  1452: row.referenceMissing,
  1451: row.stillReferenced,
};

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

function mappingFor({ errno, code, syscall, fatal }: DriverError): Mapping | undefined {
  const byNumber = errno === undefined ? undefined : byErrno[errno];
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
 * Errors of rows are mapped for this package's two tables only, and for statements that write rows only: the same
 * numbers mean other things in DDL. That one of the two tables is not there (1146) is MIGRATION_PENDING, whatever the
 * statement.
 */
export function fromServerError(error: unknown): ProtectionFlowsError | null {
  if (isProtectionFlowsError(error)) return error;
  if (typeof error !== 'object' || error === null) return null;
  try {
    // TypeORM wraps what the driver throws, also where that is of this package
    const { driverError } = error as { driverError?: unknown };
    if (isProtectionFlowsError(driverError)) return driverError;
    const known = answered.get(error) ?? mappingFor(error)?.(failureOf(error, error)) ?? null;
    if (known === null) return null;
    answered.set(error, known);
    withoutValues(error);
    return known;
  } catch {
    // Whatever was thrown throws itself when it is looked at: no driver's error does
    return null;
  }
}
