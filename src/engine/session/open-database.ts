import type { ConnectionSettings } from '../../config';
import { connectionOptionsOf, connectorOf, secretsOf, type StatementListener } from '../../driver/connector';
import { sessionCollation } from '../../driver/session-variables';
import type { Subject } from '../subject/subject';
import { detectServer } from '../server/server';
import type { Database, Session } from './database';
import { findWriter, openConnection, type Address, type OwnConnection } from '../server/open-connection';
import { translated } from '../../errors';

/** A database on connections of its own. */
export interface OpenDatabase extends Database {
  /** Closes the connections that no session holds. */
  close(): Promise<void>;
}

/** What a session of the engine reads is what TypeORM's reads: times in UTC, and no number that loses digits. */
function addressOf(settings: ConnectionSettings, onStatement: StatementListener | undefined): Address {
  const reading = {
    timezone: 'Z',
    charset: sessionCollation,
    supportBigNumbers: true,
    bigNumberStrings: true,
  };
  return {
    connector: connectorOf(settings, secretsOf(settings), onStatement),
    options: { ...connectionOptionsOf(settings), ...reading },
  };
}

/**
 * Connects, and asks the server what it is. The connection serves the sessions too, one after the other: a server that
 * gives its user one connection is enough for that.
 *
 * @param onStatement told of each statement
 * @param special what its sessions' connections are besides
 * @throws ProtectionFlowsError HOST_UNKNOWN, CONNECTION_REFUSED, ACCESS_DENIED, DATABASE_MISSING, NO_WRITABLE_HOST,
 * SERVER_UNSUPPORTED, SESSION_UNFIT and what else keeps a connection from being made
 */
export async function connectTo(
  subject: Subject,
  settings: ConnectionSettings,
  onStatement?: StatementListener,
  special?: Parameters<typeof openConnection>[1],
): Promise<OpenDatabase> {
  const address = addressOf(settings, onStatement);
  await findWriter(address);
  // A server that is silent from the start is not waited for; a session's statement may take hours
  const first = openConnection(address, special);
  const server = await detectServer(first.within(settings.connectTimeoutMs), settings.database).catch(
    (error: unknown) => {
      first.close();
      throw translated(error);
    },
  );
  const idle: OwnConnection[] = [first];
  return {
    subject,
    server,
    database: settings.database,
    openConnection: (options) => openConnection(address, options),
    openSession: () =>
      sessionOn(idle.pop() ?? openConnection(address, special), (connection) => void idle.push(connection)),
    async close() {
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
