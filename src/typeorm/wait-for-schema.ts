import type { DataSourceConnection } from '../config';
import {
  waitForSchema as waitFor,
  type WaitForSchemaOptions,
  type WaitResult,
} from '../engine/verify/wait-for-schema';
import { subject } from '../migrations';

/**
 * Waits until the server can be reached, gives sessions, and has a schema that this program fits, as the engine's does.
 *
 * @param connection the settings, or where to look for them, as `createDataSource` takes it
 * @throws ProtectionFlowsError as the engine's `waitForSchema`
 */
export const waitForSchema = (
  connection: DataSourceConnection = {},
  options: WaitForSchemaOptions = {},
): Promise<WaitResult> => waitFor(subject, connection, options);
