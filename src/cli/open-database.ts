import type { ConnectionSettings } from '../config';
import { connectionOptionsOf, connectorOf, secretsOf } from '../driver/connector';
import type { StatementListener } from '../driver/told-statements';
import { detectServer } from '../engine/server/server';
import type { Database, Session } from '../engine/session/database';
import { findWriter, openConnection, type OwnConnection } from '../engine/session/open-connection';
import { translated } from '../engine/session/translate-errors';
import { subject } from '../migrations';
import { warnOfWrongType } from '../typeorm/probe-server';

/** A database that a command has open, on connections of its own. */
export interface OpenDatabase extends Database {
  /** Closes the connections that no session holds. */
  destroy(): Promise<void>;
}

/**
 * Connects, and asks the server what it is. The connection serves the sessions too, one after the other: a server that
 * gives its user one connection is enough for that.
 *
 * @param onStatement told of each statement
 * @throws ProtectionFlowsError HOST_UNKNOWN, CONNECTION_REFUSED, ACCESS_DENIED, DATABASE_MISSING, NO_WRITABLE_HOST,
 * SERVER_UNSUPPORTED and what else keeps a connection from being made
 */
export async function openDatabase(
  settings: ConnectionSettings,
  onStatement?: StatementListener,
): Promise<OpenDatabase> {
  const address = {
    connector: connectorOf(settings, secretsOf(settings), onStatement),
    options: connectionOptionsOf(settings),
  };
  await findWriter(address);
  // A server that is silent from the start is not waited for; a session's statement may take hours
  const limits = { answerLimitMs: settings.connectTimeoutMs as number | undefined };
  const first = openConnection(address, limits);
  const server = await detectServer(first).catch((error: unknown) => {
    first.close();
    throw translated(error);
  });
  limits.answerLimitMs = undefined;
  warnOfWrongType(settings.declaredType, server);
  const idle: OwnConnection[] = [first];
  return {
    subject,
    server,
    database: settings.database,
    openConnection: (options) => openConnection(address, options),
    openSession: () =>
      sessionOn(idle.pop() ?? openConnection(address), (connection) => void idle.push(connection)),
    async destroy() {
      await Promise.all(idle.splice(0).map((connection) => connection.end()));
    },
  };
}

/** A session on the connection, which is kept for the next one once it is released. */
function sessionOn(connection: OwnConnection, keep: (connection: OwnConnection) => void): Session {
  let isOpen = true;
  return {
    query: (sql, parameters) =>
      connection.query(sql, parameters).catch((error: unknown) => {
        // Nobody is to get a connection that is gone
        isOpen &&= (error as { fatal?: boolean }).fatal !== true;
        throw translated(error);
      }),
    release() {
      if (isOpen) keep(connection);
      isOpen = false;
      return Promise.resolve();
    },
    discard() {
      isOpen = false;
      connection.close();
    },
  };
}
