import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProtectionFlowsError } from '../errors';
import type { ConnectionSettings } from './connection-settings';
import { FaultList } from './faults';
import { givenVariables, settingsFromEnvironment } from './from-environment';
import { settingsFromFile, unreadable } from './from-file';
import { settingsFromUrl } from './from-url';
import { isAbsent, OptionReader } from './option-values';
import { wordsOf } from './settings-table';
import { unknownOption } from './unknown-names';

/** Where to look for a connection. */
export interface ConnectionSources {
  /** The file of `--config`, relative to `cwd`. Where it is given, nothing else is looked at. */
  readonly configFile?: string | undefined;
  /** Default: process.env. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The folder of `ormconfig.json`. Default: process.cwd(). */
  readonly cwd?: string | undefined;
}

/** The file that is looked for where nothing else is given. */
export const defaultConfigFile = 'ormconfig.json';

const sourceNames = ['configFile', 'env', 'cwd'] as const satisfies readonly (keyof ConnectionSources)[];

/** Whether an object says where to look for a connection, and not what it is. */
export function areSources(connection: object): connection is ConnectionSources {
  const names = Object.keys(connection);
  return names.length === 0 || names.some((name) => (sourceNames as readonly string[]).includes(name));
}

/** A misspelt `env` must not lead to the database of the process's own environment. */
export function checkSources(sources: unknown): asserts sources is ConnectionSources {
  const faults = new FaultList(
    'the places to look for a connection',
    `Give ${sourceNames.join(', ')}, or settings.`,
  );
  const isObject = typeof sources === 'object' && sources !== null && !Array.isArray(sources);
  if (!isObject) faults.add('invalid', 'they', 'must be an object; a URL is given as env: { DATABASE_URL }');
  const given = (isObject ? sources : {}) as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if ((sourceNames as readonly string[]).includes(name)) continue;
    const isSetting = wordsOf('program').has(name);
    const others = 'is a setting, and has no place beside them; give settings, or places to look for them';
    faults.add('unknown', name, isSetting ? others : unknownOption(name, sourceNames));
  }
  const read = new OptionReader(faults, false);
  read.text('configFile', given.configFile);
  read.text('cwd', given.cwd);
  if (!isAbsent(given.env) && typeof given.env !== 'object') {
    faults.add('invalid', 'env', 'must be an object, such as process.env');
  }
  faults.throwIfAny();
}

/**
 * Finds out where to connect to. The first source that is there is taken whole, the others are not looked at:
 * `configFile`, `DATABASE_URL`, the `DB_*` variables (given as soon as one of them is set), `ormconfig.json`.
 *
 * @throws ProtectionFlowsError CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID (every fault of the source, in
 * `details.faults`) or OPTION_REFUSED
 */
export function loadConnection(sources: ConnectionSources = {}): ConnectionSettings {
  checkSources(sources);
  const { configFile, env = process.env, cwd = process.cwd() } = sources;
  if (configFile !== undefined) {
    const settings = settingsFromFile(configFile, cwd);
    if ('missing' in settings) throw unreadable(settings.path, 'it does not exist');
    return settings;
  }
  const url = env.DATABASE_URL?.trim() ?? '';
  if (url !== '') return settingsFromUrl(url, cwd);
  if (givenVariables(env).length > 0) return settingsFromEnvironment(env, cwd);
  if (existsSync(join(cwd, defaultConfigFile))) {
    const settings = settingsFromFile(defaultConfigFile, cwd);
    if (!('missing' in settings)) return settings;
  }
  throw new ProtectionFlowsError('CONFIG_MISSING', {
    message: `no connection is configured: no --config, DATABASE_URL or DB_* is given, and ${cwd} has no ${defaultConfigFile}`,
    remedy:
      'Give --config FILE, set DATABASE_URL (mysql://USER:PASSWORD@HOST:PORT/DATABASE), set DB_HOST, DB_USERNAME, ' +
      `DB_PASSWORD and DB_DATABASE, or write ${defaultConfigFile} (ormconfig.example.json shows its form).`,
    details: { cwd },
  });
}
