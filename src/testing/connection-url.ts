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

/** The settings as a `mysql://` address, percent-encoded. Without a database, the address of the server. */
export function connectionUrl(address: ServerAddress, database?: string): string {
  const [username, password] = [address.username, address.password].map(encodeURIComponent);
  const path = database === undefined ? '' : encodeURIComponent(database);
  return `mysql://${username}:${password}@${address.host}:${address.port}/${path}`;
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
