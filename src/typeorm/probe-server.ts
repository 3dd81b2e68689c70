import { detectServer, type Flavour, type Server } from '../engine/server/server';
import type { MysqlOptions } from './data-source-options';
import { findWriter, openConnection, type Address, type Connector } from '../engine/server/open-connection';
import { translated } from '../validation/server-errors';

/**
 * Returns the address that TypeORM's pool connects to, with its account, TLS and `extra`. A connection outside the pool
 * must use the same: a server may require TLS of every session.
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
 * Detects the server on its own connection, before TypeORM's driver is chosen. With the wrong type TypeORM sees
 * differences that do not exist, and would drop columns for them.
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
    // Wait for its end: if the server allows the user one connection, the pool needs it next
    await connection.end();
  }
}

/** Warns if the configuration declares another kind of server than the detected one, which is used. */
export function warnOfWrongType(declared: Flavour | null, server: Server): void {
  if (declared === null || declared === server.flavour) return;
  process.emitWarning(
    `the configuration says type ${declared}, but the server is ${server.flavour} ${server.version}; ${server.flavour} is used. Correct or remove the type.`,
    { type: 'ProtectionFlowsWarning', code: 'DECLARED_TYPE_WRONG' },
  );
}
