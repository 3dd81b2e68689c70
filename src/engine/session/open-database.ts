import type { ConnectionSettings } from '../../config';
import { connectionOptionsOf, connectorOf, secretsOf, type StatementListener } from '../../driver/connector';
import { sessionCollation } from '../../driver/session-variables';
import type { Subject } from '../subject/subject';
import { detectServer } from '../server/server';
import type { Database, Session } from './database';
import { findWriter, openConnection, type Address, type OwnConnection } from '../server/open-connection';
import { translated } from '../../errors';

/** A database with its own connections. */
export interface OpenDatabase extends Database {
  /** Closes the connections that no session holds. */
  close(): Promise<void>;
}

/** Makes sessions of the engine read values as TypeORM's do: times in UTC, large numbers as texts. */
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
 * Connects, and detects the server. Consecutive sessions share one connection, so it works with a server that allows its
 * user a single one.
 *
 * @param onStatement called with each statement
 * @param special further options of the sessions' connections
 * @throws ProtectionFlowsError HOST_UNKNOWN, CONNECTION_REFUSED, ACCESS_DENIED, DATABASE_MISSING, NO_WRITABLE_HOST,
 * SERVER_UNSUPPORTED, SESSION_UNFIT and other errors of connecting
 */
export async function connectTo(
  subject: Subject,
  settings: ConnectionSettings,
  onStatement?: StatementListener,
  special?: Parameters<typeof openConnection>[1],
): Promise<OpenDatabase> {
  const address = addressOf(settings, onStatement);
  await findWriter(address);
  // Only detection has a limit: a later statement may take hours
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

/** A session on the connection; `keep` receives the connection when the session is released. */
function sessionOn(connection: OwnConnection, keep: (connection: OwnConnection) => void): Session {
  let isOpen = true;
  return {
    query: (sql, parameters) =>
      connection.query(sql, parameters).catch((error: unknown) => {
        // A lost connection is not handed out again
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
