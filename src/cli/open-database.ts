import type { ConnectionSettings } from '../config';
import type { StatementListener } from '../driver/connector';
import type { Database } from '../engine/session/database';
import { connectTo } from '../engine/session/open-database';
import { subject } from '../migrations';
import { warnOfWrongType } from '../typeorm/probe-server';

/**
 * Connects without TypeORM and asks the server what it is. `destroy` closes the connections that no session holds.
 *
 * @param onStatement called after each statement
 * @throws ProtectionFlowsError as `connectTo`
 */
export async function openDatabase(
  settings: ConnectionSettings,
  onStatement?: StatementListener,
): Promise<Database & { destroy(): Promise<void> }> {
  const opened = await connectTo(subject, settings, onStatement);
  warnOfWrongType(settings.declaredType, opened.server);
  return { ...opened, destroy: () => opened.close() };
}
