import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { notKnown } from '../arguments';
import { ProtectionFlowsError } from '../errors';
import type { ConnectionSettings } from './connection-settings';
import { isRecord, labelIn, settingsFromFile, settingsFromProgram, type KnownSettings } from './from-objects';
import { settingsFromUrl } from './from-url';
import { FaultList, isAbsent, OptionReader } from './option-reader';
import { readSettings } from './read-settings';
import { variablePrefix, wordsOf, type SettingName } from './settings-table';
import { resemblance } from './unknown-names';

/** The known variables, each with its setting. */
const variables = wordsOf('environment');

/** False for an empty variable too: compose files write `DB_PORT=`. */
const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => !isAbsent(env[name]) && env[name] !== '';

/**
 * Finds unknown variables that resemble a known one, each with its fault. Ignores a variable with the same value as the
 * known one: several programs may share an environment.
 */
function misnamed(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of Object.keys(env).sort()) {
    if (!name.startsWith(variablePrefix) || variables.has(name) || !isSet(env, name)) continue;
    const like = resemblance(name, 'environment');
    if (like === null || (like.word !== null && env[like.word] === env[name])) continue;
    found.set(name, like.sentence);
  }
  return found;
}

/** The variables for a connection that are set: known ones, and unknown ones that resemble them. */
function givenVariables(env: NodeJS.ProcessEnv): string[] {
  return [...[...variables.keys()].filter((name) => isSet(env, name)), ...misnamed(env).keys()];
}

/** Reads the settings from the DB_* variables. */
function settingsFromEnvironment(env: NodeJS.ProcessEnv, cwd: string): ConnectionSettings {
  const faults = new FaultList(
    'DB_*',
    `Set DB_HOST (or DB_SOCKET), DB_USERNAME and DB_DATABASE, or unset ${givenVariables(env).join(', ')} to use another way.`,
  );
  for (const [name, sentence] of misnamed(env)) faults.add('unknown', name, sentence);
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, setting] of variables) if (isSet(env, name)) values[setting] = env[name];
  const label = labelIn('environment');
  return readSettings({ source: 'DB_*', values, textual: true, baseDirectory: cwd, label }, faults);
}

/** Where to look for a connection. */
export interface ConnectionSources {
  /** The file of `--config`, relative to `cwd`. If it is given, no other source is read. */
  readonly configFile?: string | undefined;
  /** Default: process.env. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The folder of `ormconfig.json`. Default: process.cwd(). */
  readonly cwd?: string | undefined;
}

/** The file that is read if no other source is given. */
export const defaultConfigFile = 'ormconfig.json';

const sourceNames: readonly string[] = ['configFile', 'env', 'cwd'] satisfies (keyof ConnectionSources)[];

/** Whether an object names places to look for a connection, rather than settings. */
function areSources(connection: object): connection is ConnectionSources {
  const names = Object.keys(connection);
  return names.length === 0 || names.some((name) => sourceNames.includes(name));
}

/** Refuses unknown names: after a misspelt `env`, the process's own environment would name the database. */
function checkSources(sources: unknown): asserts sources is ConnectionSources {
  const faults = new FaultList(
    'the places to look for a connection',
    `Give ${sourceNames.join(', ')}, or settings.`,
  );
  const given = isRecord(sources) ? sources : {};
  if (given !== sources) faults.invalid('they', 'must be an object; a URL is given as env: { DATABASE_URL }');
  for (const name of Object.keys(given)) {
    if (sourceNames.includes(name)) continue;
    const isSetting = wordsOf('program').has(name);
    const others = 'is a setting, and has no place beside them; give settings, or places to look for them';
    faults.add('unknown', name, isSetting ? others : notKnown(name, sourceNames));
  }
  const read = new OptionReader(faults, false);
  read.text('configFile', given.configFile);
  read.text('cwd', given.cwd);
  const { env } = given;
  if (!isAbsent(env) && !isRecord(env)) faults.invalid('env', 'must be an object, such as process.env');
  for (const [name, value] of Object.entries(env ?? {}))
    if ((name === 'DATABASE_URL' || variables.has(name)) && !isAbsent(value) && typeof value !== 'string')
      faults.invalid(`env.${name}`, 'must be a text, as in process.env');
  faults.throwIfAny();
}

/**
 * Finds the connection. Reads the first of these sources that is given, and no other: `configFile`, `DATABASE_URL`, the
 * `DB_*` variables (given if one of them is set), `ormconfig.json`.
 *
 * @throws ProtectionFlowsError CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID (every fault of the source, in
 * `details.faults`) or OPTION_REFUSED
 */
export function loadConnection(sources: ConnectionSources = {}): ConnectionSettings {
  checkSources(sources);
  const { configFile } = sources;
  const [env, cwd] = [sources.env ?? process.env, sources.cwd ?? process.cwd()];
  if (!isAbsent(configFile)) return settingsFromFile(configFile, cwd);
  const url = env.DATABASE_URL?.trim() ?? '';
  if (url !== '') return settingsFromUrl(url, cwd);
  if (givenVariables(env).length > 0) return settingsFromEnvironment(env, cwd);
  if (existsSync(join(cwd, defaultConfigFile))) return settingsFromFile(defaultConfigFile, cwd);
  throw new ProtectionFlowsError('CONFIG_MISSING', {
    message: `no connection is configured: no --config, DATABASE_URL or DB_* is given, and ${cwd} has no ${defaultConfigFile}`,
    remedy:
      'Give --config FILE, set DATABASE_URL (mysql://USER:PASSWORD@HOST:PORT/DATABASE), set DB_HOST, DB_USERNAME, ' +
      `DB_PASSWORD and DB_DATABASE, or write ${defaultConfigFile} (ormconfig.example.json shows its form).`,
    details: { cwd },
  });
}

/** The connection of a data source: settings, or the places to look for them. */
export type DataSourceConnection = KnownSettings | ConnectionSources;

/**
 * Checks a connection without opening it or reading a file: all settings of a program, or the names and types of the places
 * to look.
 *
 * @throws ProtectionFlowsError CONFIG_INVALID or OPTION_REFUSED, naming all faults at once
 */
export function checkConnection(connection: unknown): asserts connection is DataSourceConnection {
  if (!isRecord(connection) || areSources(connection)) checkSources(connection);
  else settingsFromProgram(connection as unknown as KnownSettings, false);
}

/** The settings of a connection, completed; reads them from the places to look, if it names these. */
export const settingsOf = (connection: DataSourceConnection): ConnectionSettings =>
  areSources(connection) ? loadConnection(connection) : settingsFromProgram(connection);
