import type { ConnectionSettings } from './connection-settings';
import { FaultList } from './faults';
import { readSettings, type GivenOptions, type OptionName } from './read-settings';

/** The variables, each with the option that it sets. DB_SSL_CA sets `ssl.ca`. */
const variables = {
  DB_HOST: 'host',
  DB_PORT: 'port',
  DB_REPLICAS: 'replicas',
  DB_SOCKET: 'socketPath',
  DB_USERNAME: 'username',
  DB_PASSWORD: 'password',
  DB_PASSWORD_FILE: 'passwordFile',
  DB_DATABASE: 'database',
  DB_TYPE: 'type',
  DB_POOL_SIZE: 'poolSize',
  DB_SSL_CA: 'ssl',
} as const satisfies Record<string, OptionName>;

type Variable = keyof typeof variables;

/** The environment variables that describe a connection. */
export const connectionVariables = Object.keys(variables) as Variable[];

/** Those of {@link connectionVariables} that are set. An empty one is not: compose files write `DB_PORT=`. */
export function givenVariables(env: NodeJS.ProcessEnv): Variable[] {
  return connectionVariables.filter((name) => env[name] !== undefined && env[name] !== '');
}

/** Reads the settings out of the DB_* variables. */
export function settingsFromEnvironment(env: NodeJS.ProcessEnv, cwd: string): ConnectionSettings {
  const given = givenVariables(env);
  const faults = new FaultList(
    'DB_*',
    `Set DB_HOST (or DB_SOCKET), DB_USERNAME and DB_DATABASE, or unset ${given.join(', ')} to use another way.`,
  );
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of given) {
    values[variables[name]] = name === 'DB_SSL_CA' ? { ca: env[name] } : env[name];
  }
  return readSettings({ source: 'DB_*', values, label, textual: true, baseDirectory: cwd }, faults);
}

const label: GivenOptions['label'] = (option) => {
  const name = option.startsWith('ssl') ? 'ssl' : option;
  return connectionVariables.find((variable) => variables[variable] === name) ?? option;
};
