import { dataSourceOptions, loadConnection, type ConnectionSettings, type ConnectionSources } from './config';
import { entities } from './entities';
import { ProtectionFlowsDataSource } from './migrator';
import { subscribers } from './validation';

/** Where a data source finds its connection: settings that are known already, or the places to look for them. */
export type DataSourceConnection = ConnectionSettings | ConnectionSources;

const isSettings = (connection: DataSourceConnection): connection is ConnectionSettings =>
  'database' in connection;

/**
 * Makes a data source of this package, not yet connected. A program normally has one, and it is `dataSource` of
 * `@sendense/protection-flows/data-source`; a test suite makes one per database.
 *
 * @param connection settings as `loadConnection` gives them, or where to look; by default the environment and the
 * current folder, read when `initialize()` is called
 */
export function createDataSource(connection: DataSourceConnection = {}): ProtectionFlowsDataSource {
  return new ProtectionFlowsDataSource(
    () => {
      const settings = isSettings(connection) ? connection : loadConnection(connection);
      return { options: dataSourceOptions(settings), declaredType: settings.declaredType };
    },
    { entities, subscribers },
  );
}
