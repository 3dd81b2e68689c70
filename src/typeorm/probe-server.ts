import { detectServer, type Flavour, type Server } from '../engine/server/server';
import { addressOf } from './address';
import type { MysqlOptions } from './data-source-options';
import { findWriter, openConnection } from '../engine/session/open-connection';
import { translated } from '../validation/server-errors';

/**
 * Asks the server what it is, on a connection of its own, before TypeORM's driver is chosen. A declared type that
 * contradicts it is corrected, with a warning: TypeORM with the wrong type sees differences for ever, and destroys.
 */
export async function probeServer(options: MysqlOptions): Promise<Server> {
  const address = addressOf(options);
  await findWriter(address);
  const connection = openConnection(address, { answerLimitMs: options.connectTimeout });
  try {
    return await detectServer(connection);
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
