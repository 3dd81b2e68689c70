import {
  areSources,
  checkSources,
  loadConnection,
  settingsFromProgram,
  type ConnectionSources,
  type KnownSettings,
} from '../config';
import { entities } from '../entities';
import { ProtectionFlowsDataSource } from './guarded-data-source';
import { subscribers } from '../validation';
import { withOverrides } from './overrides';

/** Where a data source finds its connection: settings that are known already, or the places to look for them. */
export type DataSourceConnection = KnownSettings | ConnectionSources;

/**
 * Judges a connection without opening it or reading a file: settings of a program as a whole, of the places to look only
 * what they are.
 *
 * @throws ProtectionFlowsError CONFIG_INVALID or OPTION_REFUSED, naming all faults at once
 */
export function checkConnection(connection: unknown): asserts connection is DataSourceConnection {
  const isObject = typeof connection === 'object' && connection !== null && !Array.isArray(connection);
  if (!isObject || areSources(connection)) checkSources(connection);
  else settingsFromProgram(connection as KnownSettings, false);
}

/**
 * Makes a data source of this package, not yet connected. A program normally has one, and it is `dataSource` of
 * `@sendense/protection-flows/data-source`; a test suite makes one per database.
 *
 * @param connection the settings, or where to look for them; by default the environment and the current folder, read
 * when `initialize()` is called
 * @throws ProtectionFlowsError CONFIG_INVALID or OPTION_REFUSED for settings that mean nothing, all faults at once
 */
export function createDataSource(connection: DataSourceConnection = {}): ProtectionFlowsDataSource {
  checkConnection(connection);
  return new ProtectionFlowsDataSource(
    (overrides) => {
      const settings = areSources(connection) ? loadConnection(connection) : settingsFromProgram(connection);
      return {
        options: withOverrides(settings, overrides),
        declaredType: settings.declaredType,
      };
    },
    { entities, subscribers },
  );
}
