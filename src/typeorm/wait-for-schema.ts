import type { DataSourceConnection } from '../config';
import {
  waitForSchema as waitFor,
  type WaitForSchemaOptions,
  type WaitResult,
} from '../engine/verify/wait-for-schema';
import { subject } from '../migrations';

/**
 * Waits until the server can be reached, opens sessions, and has a schema that this program fits.
 *
 * @param connection the settings, or where to look for them, as for `createDataSource`
 * @throws ProtectionFlowsError the errors of the engine's `waitForSchema`
 */
export const waitForSchema = (
  connection: DataSourceConnection = {},
  options: WaitForSchemaOptions = {},
): Promise<WaitResult> => waitFor(subject, connection, options);
