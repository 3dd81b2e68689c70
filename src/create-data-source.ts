import {
  connectionSettings,
  dataSourceOptions,
  loadConnection,
  type ConnectionSettings,
  type ConnectionSources,
} from './config';
import { entities } from './entities';
import { ProtectionFlowsError } from './errors';
import { ProtectionFlowsDataSource } from './migrator';
import { subscribers } from './validation';

/** Settings that a program knows: at least the user and the database, and a host or a socket. */
export type KnownSettings = Pick<ConnectionSettings, 'username' | 'database'> & Partial<ConnectionSettings>;

/** Where a data source finds its connection: settings that are known already, or the places to look for them. */
export type DataSourceConnection = KnownSettings | ConnectionSources;

const sourceNames = ['configFile', 'env', 'cwd'];

/** A misspelt `env` must not lead to the database of the process's own environment. */
function assertSources(connection: object): void {
  const unknown = Object.keys(connection).filter((name) => !sourceNames.includes(name));
  if (unknown.length === 0) return;
  throw new ProtectionFlowsError('CONFIG_INVALID', {
    message: `createDataSource does not know ${unknown.join(', ')}`,
    remedy: `Give it ${sourceNames.join(', ')}, or settings with username and database.`,
    details: { unknown },
  });
}

function settingsOf(connection: DataSourceConnection): ConnectionSettings {
  return 'database' in connection
    ? connectionSettings({ source: 'the program', ...connection })
    : loadConnection(connection);
}

/**
 * Makes a data source of this package, not yet connected. A program normally has one, and it is `dataSource` of
 * `@sendense/protection-flows/data-source`; a test suite makes one per database.
 *
 * @throws ProtectionFlowsError CONFIG_INVALID for a key that it does not know
 * @param connection the settings, or where to look for them; by default the environment and the current folder, read
 * when `initialize()` is called
 */
export function createDataSource(connection: DataSourceConnection = {}): ProtectionFlowsDataSource {
  if (!('database' in connection)) assertSources(connection);
  return new ProtectionFlowsDataSource(
    () => {
      const settings = settingsOf(connection);
      return { options: dataSourceOptions(settings), declaredType: settings.declaredType };
    },
    { entities, subscribers },
  );
}
