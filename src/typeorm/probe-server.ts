import { detectServer, type Flavour, type Server } from '../engine/server/server';
import type { MysqlOptions } from './data-source-options';
import { findWriter, openConnection, type Address, type Connector } from '../engine/server/open-connection';
import { translated } from '../validation/server-errors';

/**
 * Where TypeORM's pool connects to. Account, TLS and `extra` are the same for every session: a server that requires TLS
 * must get it from each of them.
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

/**
 * Asks the server what it is, on a connection of its own, before TypeORM's driver is chosen: TypeORM with the
 * wrong type sees differences that are none, and drops columns for them.
 */
export async function probeServer(options: MysqlOptions): Promise<Server> {
  const address = addressOf(options);
  await findWriter(address);
  const connection = openConnection(address, { answerLimitMs: options.connectTimeout });
  try {
    return await detectServer(connection, address.options.database);
  } catch (error) {
    throw translated(error);
  } finally {
    // Where the server gives its user one connection, the pool's comes next
    await connection.end();
  }
}

/** Warns where the configuration declares another kind of server than the one that answers, which is used. */
export function warnOfWrongType(declared: Flavour | null, server: Server): void {
  if (declared === null || declared === server.flavour) return;
  process.emitWarning(
    `the configuration says type ${declared}, but the server is ${server.flavour} ${server.version}; ${server.flavour} is used. Correct or remove the type.`,
    { type: 'ProtectionFlowsWarning', code: 'DECLARED_TYPE_WRONG' },
  );
}
