import { ProtectionFlowsError } from '../protection-flows-error';
import { userIn, type Mapping } from './driver-error';

/** Errors about the account and its limits. `details.reason` holds the server's own sentence. */

/** All privileges that the package needs on its database, but for guards. */
const needed = 'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, REFERENCES';

export const accessDenied: Mapping = ({ error, text, cause }) => {
  const user = userIn(text);
  const database = /to database '([^']*)'/.exec(text)?.[1];
  const [, password] = / \(using password: (YES|NO)\)/.exec(text) ?? [];
  const grant = `GRANT ${needed} ON ${quotedPattern(database ?? '')}.* TO ${user ?? 'the user'}`;
  const where = database === undefined ? '' : ` to the database ${database}`;
  const how = password === undefined ? '' : ` (${password === 'NO' ? 'without' : 'with'} a password)`;
  return new ProtectionFlowsError('ACCESS_DENIED', {
    message: `the server denied ${user ?? 'the user'} access${where}${how}`,
    remedy:
      database === undefined
        ? 'Check the user name and the password, from which hosts the user may connect, and whether it or the server requires TLS (ssl, DB_SSL_CA).'
        : `Check the name of the database, or let the user in: ${grant}`,
    details: { user, database, errno: error.errno, reason: text },
    cause,
  });
};

/** A database's name in a GRANT, where an unescaped `_` or `%` would stand for other characters. */
function quotedPattern(database: string): string {
  return `\`${database.replaceAll('`', '``').replaceAll(/[\\_%]/g, '\\$&')}\``;
}

const locked = { fault: 'is locked', remedy: 'Let an administrator type ALTER USER … ACCOUNT UNLOCK.' };
const expired = {
  fault: 'has a password that has expired',
  remedy: 'Set a new password (ALTER USER … IDENTIFIED BY …), and put it into the configuration.',
};
const blocked = 'is blocked after too many wrong passwords';

/** Why an account is shut out, by error number. `says` is for a number that means something else on the other server. */
const shut: Readonly<Record<number, { says?: RegExp; fault: string; remedy: string }>> = {
  // MariaDB; on MySQL of bulk loads
  4150: {
    says: /blocked/i,
    fault: blocked,
    remedy:
      'Correct the password, then let an administrator type FLUSH PRIVILEGES, which takes the block away.',
  },
  4151: { says: /locked/i, ...locked },
  3118: locked,
  3955: {
    fault: blocked,
    remedy: 'Correct the password, then wait, or let an administrator type ALTER USER … ACCOUNT UNLOCK.',
  },
  1820: expired,
  1862: expired,
  // MySQL: require_secure_transport; MariaDB says 1045 for it
  3159: {
    fault: 'connects without TLS, which the server requires',
    remedy: 'Configure TLS: ssl, DB_SSL_CA.',
  },
};

/** An account that exists, but may not be used now. */
export const accountShut: Mapping = ({ error, text, cause }) => {
  const found = shut[error.errno ?? 0];
  if (found === undefined || found.says?.test(text) === false) return null;
  const user = userIn(text);
  return new ProtectionFlowsError('ACCESS_DENIED', {
    message: `the server denied access: ${user === undefined ? "the connection's user" : `the user ${user}`} ${found.fault}`,
    remedy: found.remedy,
    details: { user, errno: error.errno, reason: text },
    cause,
  });
};

const refusals: Readonly<Record<number, readonly [fault: string, remedy: string]>> = {
  1040: [
    'the server takes no more connections',
    'Close connections that are not used, lower the pool size, or raise max_connections on the server.',
  ],
  1203: [
    'the server takes no more connections of this user',
    'Close connections of this user, lower the pool size, or raise max_user_connections on the server.',
  ],
  1129: [
    'the server refuses this host after too many failed connections',
    'Find out what fails to connect from this host, then let an administrator type FLUSH HOSTS.',
  ],
  1184: [
    'the server ends each session of its users at once, as its init_connect fails',
    "Let an administrator correct it (SELECT @@GLOBAL.init_connect); the server's error log says what fails.",
  ],
  3032: ['the server is offline for its users', 'Let an administrator type SET GLOBAL offline_mode = OFF.'],
};

/** A server that refuses connections now: of all users, of this user, or of this host. */
export const connectionsExhausted: Mapping = ({ error, text, cause }) => {
  const [message, remedy] = refusals[error.errno ?? 0] ?? [];
  if (message === undefined || remedy === undefined) return null;
  const details = { errno: error.errno, reason: text };
  return new ProtectionFlowsError('CONNECTION_REFUSED', { message, remedy, details, cause });
};

/** The limits of an account, by the names that MariaDB and MySQL use in the message. */
const limits: Readonly<Record<string, { option: string; isOfConnections: boolean }>> = {
  max_user_connections: { option: 'MAX_USER_CONNECTIONS', isOfConnections: true },
  max_connections_per_hour: { option: 'MAX_CONNECTIONS_PER_HOUR', isOfConnections: true },
  max_queries_per_hour: { option: 'MAX_QUERIES_PER_HOUR', isOfConnections: false },
  max_questions: { option: 'MAX_QUERIES_PER_HOUR', isOfConnections: false },
  max_updates_per_hour: { option: 'MAX_UPDATES_PER_HOUR', isOfConnections: false },
  max_updates: { option: 'MAX_UPDATES_PER_HOUR', isOfConnections: false },
};

/**
 * 1226: the account has reached its limit of connections, or of statements in an hour.
 *
 * @see https://dev.mysql.com/doc/refman/8.4/en/user-resources.html
 */
export const accountLimitReached: Mapping = ({ error, text, cause }) => {
  const [, user = ''] = /User '([^']*)'/.exec(text) ?? [];
  const [, resource = ''] = /the '([^']*)' resource/.exec(text) ?? [];
  const [, most] = /current value: (\d+)/.exec(text) ?? [];
  const { option = 'the limit', isOfConnections = false } = limits[resource] ?? {};
  const isHourly = option.endsWith('_HOUR');
  const limit = most === undefined ? undefined : Number(most);
  return new ProtectionFlowsError(isOfConnections ? 'CONNECTION_REFUSED' : 'QUOTA_EXCEEDED', {
    message: `the user ${user} has reached its limit ${isHourly ? 'for this hour' : 'of connections'}: ${option}${most === undefined ? '' : ` is ${most}`}`,
    remedy: `${isHourly ? 'Wait until the hour is over' : 'Close connections of this user, lower the pool size'}, or let an administrator raise the limit (0 is none): ALTER USER … WITH ${option} 0.`,
    details: { user, resource, limit, errno: error.errno, reason: text },
    cause,
  });
};
