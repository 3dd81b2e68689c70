import type { DataSourceOptions } from 'typeorm';
import { settingsFromProgram, type ConnectionSettings, type KnownSettings } from '../config';
import { connectorOf, secretsOf, hide, type Secrets, type StatementListener } from '../driver/connector';
import { sessionCollation } from '../driver/session-variables';

/** TypeORM's options for its driver of MySQL and MariaDB. */
export type MysqlOptions = Extract<DataSourceOptions, { type: 'mysql' | 'mariadb' }>;

/**
 * Tells TypeORM 0.3 that the given driver is mysql2: otherwise it warns on the console and reads JSON as with the driver
 * `mysql`. TypeORM 1 supports mysql2 alone and has no such option.
 */
const ofMysql2: object = { connectorPackage: 'mysql2' };

/**
 * Returns the settings as TypeORM's options: where to connect and how each session begins. The caller adds entities,
 * migrations and subscribers. Loads mysql2.
 *
 * The type is the declared one, or `mariadb` if none is declared. A caller that opens the connection asks the server and
 * corrects the type. A program can read the password and the TLS settings from the options, but `console.log`, JSON and
 * copies do not contain them: the driver holds them.
 *
 * @param known the result of `loadConnection`, or settings of the program; checked as by `createDataSource`
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function dataSourceOptions(known: KnownSettings): MysqlOptions {
  const settings = settingsFromProgram(known);
  return optionsWith(settings, secretsOf(settings));
}

/** As {@link dataSourceOptions}, with secrets that a program may have set itself. The options hide them. */
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
    // By default TypeORM 0.3 leaves out such a condition, and finds every row
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
    // TypeORM's own error has the stack. mysql2 would record one for every statement, also if none fails
    trace: false,
    migrationsRun: settings.migrationsRun,
    logging: typeof settings.logging === 'object' ? [...settings.logging] : settings.logging,
    synchronize: false,
    dropSchema: false,
  };
  return hide(options, secrets);
}
