import type { DataSourceOptions } from 'typeorm';
import { settingsFromProgram, type ConnectionSettings, type KnownSettings } from '../config';
import { connectorOf, secretsOf, hide, type Secrets, type StatementListener } from '../driver/connector';
import { sessionCollation } from '../driver/session-variables';

/** TypeORM's options for its driver of MySQL and MariaDB. */
export type MysqlOptions = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>;

/**
 * What TypeORM 0.3 wants to be told beside a driver that it is given: it warns on the console otherwise, and reads JSON as
 * mysql's. TypeORM 1 knows mysql2 alone, and no such option.
 */
const ofMysql2: object = { connectorPackage: 'mysql2' };

/**
 * The settings as TypeORM's options: where to connect and how each session begins. Entities, migrations and
 * subscribers are the caller's to add. Loads mysql2.
 *
 * The type is the declared one, or `mariadb` where none is declared: whoever opens the connection asks the server
 * and corrects it. The password and the TLS settings are the driver's: they can be read here, but `console.log`, JSON and
 * copies of the options do not have them.
 *
 * @param known what `loadConnection` answers, or settings of the program; judged as for `createDataSource`
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function dataSourceOptions(known: KnownSettings): MysqlOptions {
  const settings = settingsFromProgram(known);
  return optionsWith(settings, secretsOf(settings));
}

/** The same with the secrets that a program has set besides. The options know them, and do not show them. */
export function optionsWith(
  settings: ConnectionSettings,
  secrets: Secrets,
  onStatement?: StatementListener,
): MysqlOptions {
  const { socketPath, hosts, replicas, username, database } = settings;
  const { password } = secrets;
  const where = hosts[0] ?? { host: settings.host ?? undefined, port: settings.port };
  const account = { username, database };
  const options: MysqlOptions = {
    type: settings.declaredType ?? 'mariadb',
    driver: connectorOf(settings, secrets, onStatement),
    ...ofMysql2,
    // TypeORM 0.3 leaves such a condition out by default: every row is found
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    ...(socketPath === null ? where : { socketPath }),
    ...account,
    ...(replicas.length > 0 && {
      replication: {
        master: hide({ ...where, ...account }, { password }),
        slaves: replicas.map((replica) => hide({ ...replica, ...account }, { password })),
      },
    }),
    poolSize: settings.poolSize,
    connectTimeout: settings.connectTimeoutMs,
    acquireTimeout: settings.acquireTimeoutMs,
    charset: sessionCollation,
    timezone: 'Z',
    // TypeORM's own error has the stack; mysql2's would be taken for each statement, also where none fails
    trace: false,
    migrationsRun: settings.migrationsRun,
    logging: typeof settings.logging === 'object' ? [...settings.logging] : settings.logging,
    synchronize: false,
    dropSchema: false,
  };
  return hide(options, secrets);
}
