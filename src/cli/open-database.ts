import type { ConnectionSettings } from '../config';
import type { StatementListener } from '../driver/told-statements';
import type { Database } from '../engine/session/database';
import { connectTo } from '../engine/session/open-database';
import { subject } from '../migrations';
import { warnOfWrongType } from '../typeorm/probe-server';

/** A database that a command has open, on connections of its own. */
export interface OpenDatabase extends Database {
  /** Closes the connections that no session holds. */
  destroy(): Promise<void>;
}

/**
 * Connects without TypeORM, and asks the server what it is.
 *
 * @param onStatement told of each statement
 * @throws ProtectionFlowsError as `connectTo`
 */
export async function openDatabase(
  settings: ConnectionSettings,
  onStatement?: StatementListener,
): Promise<OpenDatabase> {
  const opened = await connectTo(subject, settings, onStatement);
  warnOfWrongType(settings.declaredType, opened.server);
  return { ...opened, destroy: () => opened.close() };
}
