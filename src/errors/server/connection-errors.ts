import { ProtectionFlowsError } from '../protection-flows-error';
import { isLostAtCommit, userIn, type Mapping } from './driver-error';

type Unreachable = 'HOST_UNKNOWN' | 'CONNECTION_REFUSED' | 'CONNECTION_TIMEOUT' | 'CONNECTION_LOST';

/** The mapping for an error whose message needs only the server's address. */
function unreachable(code: Unreachable, sentence: (server: string) => string, remedy: string): Mapping {
  return ({ error, cause }) => {
    const { hostname, address, port, code: reason } = { ...error.errors?.[0], ...error };
    const host = hostname ?? address;
    const server =
      host === undefined ? 'the server' : [host, port].filter((part) => part !== undefined).join(':');
    return new ProtectionFlowsError(code, {
      message: sentence(server),
      remedy,
      details: { host, port, reason },
      cause,
    });
  };
}

export const hostUnknown = unreachable(
  'HOST_UNKNOWN',
  (server) => `no address is known for ${server}`,
  'Check the host name, and that this machine can resolve it.',
);

export const connectionRefused = unreachable(
  'CONNECTION_REFUSED',
  (server) => `nothing accepts connections at ${server}`,
  'Check that the server runs, and that it listens at this host, port or socket.',
);

export const noRoute = unreachable(
  'CONNECTION_REFUSED',
  (server) => `there is no route to ${server}`,
  'Check the host, and the network between this machine and it.',
);

export const connectionTimeout = unreachable(
  'CONNECTION_TIMEOUT',
  (server) => `${server} did not answer in time`,
  'Check the host and the port, and that no firewall drops the packets.',
);

export const tlsFailed: Mapping = ({ error, text, cause }) =>
  new ProtectionFlowsError('TLS_FAILED', {
    message: `no TLS connection could be made (${error.code}): ${text}`,
    remedy:
      'Give the authority that issued the certificate (ssl.ca, DB_SSL_CA) or the host name it was issued for, or repair the TLS of the server.',
    details: { reason: error.code },
    cause,
  });

export const connectionLost = unreachable(
  'CONNECTION_LOST',
  () => 'the connection to the server was lost',
  'Check that the server is up, and whether the last statement took effect before repeating it.',
);

const inDoubt = unreachable(
  'CONNECTION_LOST',
  () => 'the server could not end the commit (errno 1180)',
  'Check the server and its cluster, and whether the transaction took effect before repeating it.',
);

/** A commit whose outcome the server itself does not know: its node lost the cluster, or its disk is full. */
export const commitInDoubt: Mapping = (failure) => (isLostAtCommit(failure.error) ? null : inDoubt(failure));

export const databaseMissing: Mapping = ({ text, cause }) => {
  const [, database = 'of the connection'] = /'([^']*)'/.exec(text) ?? [];
  return new ProtectionFlowsError('DATABASE_MISSING', {
    message: `the database ${database} does not exist`,
    remedy: 'Check the name of the database, or create it.',
    details: { database },
    cause,
  });
};

export const privilegeMissing: Mapping = ({ error, text, cause }) => {
  const [, denied] = /([a-zA-Z][a-zA-Z ,]*?) command denied/.exec(text) ?? [];
  const [, needed] = /at least one of\) the ([^]+?) privilege/.exec(text) ?? [];
  const [, name] = /(?:for|in) (?:table|routine) [`']?(\S+?)[`']?$/.exec(text) ?? [];
  const object = name?.replaceAll('`', '');
  const privilege = denied ?? needed;
  const user = userIn(text);
  const on = object === undefined ? '' : ` on ${object}`;
  const what = privilege === undefined ? 'a privilege' : `the privilege ${privilege}`;
  return new ProtectionFlowsError('PRIVILEGE_MISSING', {
    message: `${user ?? 'the user'} lacks ${what}${on}`,
    remedy: `Let an administrator grant ${privilege ?? 'it'}${on} to the account that SELECT CURRENT_USER() shows; docs/command-line.md has one GRANT for every command.`,
    details: { privilege, user, object, errno: error.errno },
    cause,
  });
};

/** InnoDB's read-only mode, in the text of errors that also stand for other faults of files. */
const readOnlyFile = /\berr(?:no:|or) 165\b/;

/** The message and remedy of a refusal to write, by its number; any other, 1290 and 1836, is about the server. */
const readOnlySentences: Readonly<Record<number, readonly [sentence: string, remedy: string]>> = {
  1792: [
    'the transaction is read-only',
    'Begin it without READ ONLY; or, if every transaction is read-only by default, connect to the primary server.',
  ],
  1036: [
    'the table is read-only, or InnoDB is (innodb_read_only)',
    'Connect to the primary server, or take innodb_read_only out of this one’s configuration and restart it.',
  ],
  3989: ['the database is read-only', 'Let an administrator type ALTER SCHEMA … READ ONLY = 0.'],
};

export const serverReadOnly: Mapping = ({ error, text, cause }) => {
  const [, option] = /--([\w-]+)/.exec(text) ?? [];
  // 1290 stands for any option that forbids a statement; --secure-file-priv is another
  if (error.errno === 1290 && option !== 'read-only' && option !== 'super-read-only') return null;
  const isOfFile = error.errno === 1015 || error.errno === 1030;
  if (isOfFile && !readOnlyFile.test(text)) return null;
  const [message, remedy] = readOnlySentences[isOfFile ? 1036 : (error.errno ?? 0)] ?? [
    'the server is read-only',
    'Connect to the primary server, or take this one out of its read-only mode.',
  ];
  return new ProtectionFlowsError('SERVER_READ_ONLY', {
    message,
    remedy,
    details: { option, errno: error.errno },
    cause,
  });
};

/**
 * A node of a cluster that takes no statements now. 1047 also means an unknown command of the protocol, so the server's
 * sentence has to name WSREP.
 *
 * @see https://galeracluster.com/library/kb/network/wsrep-not-ready.html
 */
export const serverNotReady: Mapping = ({ error, text, cause }) => {
  if (error.errno === 1047 && !/wsrep/i.test(text)) return null;
  return new ProtectionFlowsError('SERVER_NOT_READY', {
    message: `the server is not a working member of its cluster now (errno ${error.errno})`,
    remedy: 'Connect to another node, or bring this one back into the cluster; then repeat the statement.',
    details: { errno: error.errno },
    cause,
  });
};

const grouped = (count: number): string => count.toLocaleString('en-US');

const sendLess =
  'Send less at once; or let an administrator raise max_allowed_packet (SET GLOBAL), and connect again.';

/** Creates the error for a statement that was not sent: its bytes exceed the session's max_allowed_packet. */
export function statementTooLarge(bytes: number, maxBytes: number): ProtectionFlowsError {
  return new ProtectionFlowsError('STATEMENT_TOO_LARGE', {
    message: `the statement has ${grouped(bytes)} bytes, and the server takes fewer than ${grouped(maxBytes)} (max_allowed_packet)`,
    remedy: sendLess,
    details: { bytes, maxBytes },
  });
}

/** 1153: the server has read as much as it takes, sent this error, and closed the connection. */
export const packetTooLarge: Mapping = ({ error, cause }) => {
  const { sql, query } = error;
  const bytes = sql === undefined || sql === query ? undefined : Buffer.byteLength(sql);
  return new ProtectionFlowsError('STATEMENT_TOO_LARGE', {
    message: 'the statement has more bytes than the server takes (max_allowed_packet)',
    consequence:
      'The statement had no effect. The server closed the connection, which rolled back an open transaction.',
    remedy: sendLess,
    details: { bytes },
    cause,
  });
};
