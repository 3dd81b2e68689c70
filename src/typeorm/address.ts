import type { Address, Connector } from '../engine/session/open-connection';
import type { MysqlOptions } from './data-source-options';

/**
 * Where TypeORM's pool connects to: account, TLS and `extra` are the same for every session, or a server that wants TLS
 * would be spoken to without it.
 */
export function addressOf(options: MysqlOptions): Address {
  const { host, port, socketPath, username, password, database } = options.replication?.master ?? options;
  const { ssl, connectTimeout, insecureAuth, flags, debug } = options;
  return {
    connector: options.driver as Connector,
    options: {
      ...(socketPath ? { socketPath } : { host, port }),
      user: username,
      password,
      database,
      ...Object.fromEntries(
        Object.entries({ ssl, connectTimeout, insecureAuth, flags, debug }).filter(
          ([, value]) => value !== undefined,
        ),
      ),
      ...(options.extra as object | undefined),
    },
  };
}
