import { inspect } from 'node:util';
import type * as Mysql2 from 'mysql2';

/** What a session begins with and nobody is to read: the password, and the private key in the TLS settings. */
export interface Secrets {
  readonly password: string;
  /** Undefined for sessions in plain text. */
  readonly ssl: Mysql2.SslOptions | string | undefined;
}

/** Gives an object what it is to know and not to show: to no console, no JSON, no spread. */
export function hide<Target extends object>(target: Target, values: object): Target {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, enumerable: false, writable: true, configurable: true });
  }
  return target;
}

/** Makes `console.log` name an object and not walk into it: mysql2 keeps the options with each statement under way. */
function nameOnly<Target extends object>(target: Target, name: string): Target {
  return Object.defineProperty(target, inspect.custom, { value: () => `[${name}]`, configurable: true });
}

/** The options of mysql2's own that hold a secret. */
function hideIn(config: object): void {
  const { password, ssl } = config as Secrets;
  hide(config, { password, ssl });
}

/**
 * mysql2, whose pools and connections all have the password and the TLS settings given here, unless the options say
 * others, and do not show them. TypeORM's options need not hold them then: they are copied, printed and logged.
 */
export function withSecrets(mysql2: typeof Mysql2, secrets: Secrets): typeof Mysql2 {
  const complete = <Options extends Mysql2.ConnectionOptions>(options: Options): Options => ({
    ...options,
    password: options.password ?? secrets.password,
    ssl: options.ssl ?? secrets.ssl,
  });
  const replaced = {
    createPool: (options: Mysql2.PoolOptions) => {
      const pool = mysql2.createPool(complete(options));
      const { config } = pool as unknown as { config: { connectionConfig: object } };
      hideIn(config.connectionConfig);
      pool.on('connection', (connection) => nameOnly(connection, 'connection'));
      return nameOnly(pool, 'pool');
    },
    createConnection: (options: Mysql2.ConnectionOptions) => {
      const connection = mysql2.createConnection(complete(options));
      hideIn(connection.config);
      return nameOnly(connection, 'connection');
    },
  };
  // Not a copy: mysql2's exports have getters that load more of it
  return Object.assign(Object.create(mysql2) as typeof Mysql2, replaced) as typeof Mysql2;
}
