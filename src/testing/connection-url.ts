import { isIPv6 } from 'node:net';
import {
  count,
  declareArguments,
  isWellFormed,
  name as aName,
  optional,
  properties,
  refuse,
  that,
  type Reader,
} from '../arguments';

/** A server's address, and the account to log in with. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** The settings that connect to a database, with the names of TypeORM's options. */
export interface DatabaseSettings extends ServerAddress {
  readonly database: string;
}

const text: Reader<string> = that(
  'isString',
  (value) => typeof value === 'string' && isWellFormed(value),
  'must be a text; it may be empty',
);

/** Accepts an object with further properties, such as a private server. */
const anAddress: Reader<ServerAddress> = properties({
  host: aName,
  port: count({ min: 1, max: 65_535 }),
  username: text,
  password: text,
});

const readUrlParts = declareArguments('connectionUrl', { address: anAddress, database: optional(text) });

/**
 * Returns the settings as a `mysql://` URL, percent-encoded. Without a database, the URL names the server alone.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments
 */
export function connectionUrl(address: ServerAddress, database?: string): string {
  const { address: server, database: name } = readUrlParts({ address, database });
  const [username, password] = [server.username, server.password].map(encodeURIComponent);
  const host = isIPv6(server.host) ? `[${server.host}]` : server.host;
  return `mysql://${username}:${password}@${host}:${server.port}/${encodeURIComponent(name ?? '')}`;
}

/** Returns the server that a `mysql://` or `mariadb://` URL names, without the database. */
export function serverOf(url: string): ServerAddress {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 3306 : Number(port),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

function isServerUrl(value: string): boolean {
  try {
    return /^(?:mysql|mariadb):$/.test(new URL(value).protocol) && serverOf(value).host !== '';
  } catch {
    return false;
  }
}

/** Reads a server, given as an object or a URL. A fault never shows the value: it may hold a password. */
export const server: Reader<ServerAddress> = (value, field, faults) => {
  if (typeof value !== 'string') return anAddress(value, field, faults);
  return isServerUrl(value)
    ? serverOf(value)
    : refuse(faults, field, 'isServer', 'must be a server, or its URL: mysql://user:password@host:port');
};
