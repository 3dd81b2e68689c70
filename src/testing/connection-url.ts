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

/** Where a server is and who to be there. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** What it takes to connect to a database, under the names that TypeORM's options use. */
export interface DatabaseSettings extends ServerAddress {
  readonly database: string;
}

const text: Reader<string> = that(
  'isString',
  (value) => typeof value === 'string' && isWellFormed(value),
  'must be a text, which may be empty',
);

/** Where a server is, and who to be there; an object with more is fine, as a private server is. */
const anAddress: Reader<ServerAddress> = properties({
  host: aName,
  port: count({ min: 1, max: 65_535 }),
  username: text,
  password: text,
});

const readUrlParts = declareArguments('connectionUrl', {
  address: anAddress,
  database: optional(
    that<string>('isString', (value) => typeof value === 'string' && isWellFormed(value), 'must be a text'),
  ),
});

/**
 * The settings as a `mysql://` address, percent-encoded. Without a database, the address of the server.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED, naming everything that is wrong with the arguments
 */
export function connectionUrl(address: ServerAddress, database?: string): string {
  const { address: server, database: name } = readUrlParts({ address, database });
  const [username, password] = [server.username, server.password].map(encodeURIComponent);
  const path = name === undefined ? '' : encodeURIComponent(name);
  return `mysql://${username}:${password}@${server.host}:${server.port}/${path}`;
}

/** The server that a `mysql://` or `mariadb://` address names; its database is left out. */
export function serverOf(url: string): ServerAddress {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
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

/** A server, by its address as an object or as a text. What is wrong is never shown: it may hold a password. */
export const server: Reader<ServerAddress> = (value, field, faults) => {
  if (typeof value !== 'string') return anAddress(value, field, faults);
  return isServerUrl(value)
    ? serverOf(value)
    : refuse(faults, field, 'isServer', 'must be a server, or its address: mysql://user:password@host:port');
};
