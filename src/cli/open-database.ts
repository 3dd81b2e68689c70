import type { ConnectionSettings } from '../config';
import type { StatementListener } from '../driver/told-statements';
import { openDataSource } from './prune-executions';

export const openDatabase = (settings: ConnectionSettings, onStatement?: StatementListener) =>
  openDataSource(settings, onStatement);
