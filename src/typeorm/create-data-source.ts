import { checkConnection, settingsOf, type DataSourceConnection } from '../config';
import { entities } from '../entities';
import { ProtectionFlowsDataSource } from './guarded-data-source';
import { subscribers } from '../validation';
import { withOverrides } from './overrides';

/**
 * Makes a data source of this package, not yet connected. A program normally uses the shared one, `dataSource` of
 * `@sendense/protection-flows/data-source`; a test suite makes one per database.
 *
 * @param connection the settings, or where to look for them. Default: the environment and the current folder, read
 * when `initialize()` is called
 * @throws ProtectionFlowsError CONFIG_INVALID or OPTION_REFUSED for invalid settings, all faults at once
 */
export function createDataSource(connection: DataSourceConnection = {}): ProtectionFlowsDataSource {
  checkConnection(connection);
  return new ProtectionFlowsDataSource(
    (overrides) => {
      const settings = settingsOf(connection);
      return {
        options: withOverrides(settings, overrides),
        declaredType: settings.declaredType,
      };
    },
    { entities, subscribers },
  );
}
