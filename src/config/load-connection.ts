import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProtectionFlowsError } from '../errors';
import type { ConnectionSettings } from './connection-settings';
import { givenVariables, settingsFromEnvironment } from './from-environment';
import { settingsFromFile, unreadable } from './from-file';
import { settingsFromUrl } from './from-url';

/** Where to look for a connection. */
export interface ConnectionSources {
  /** The file of `--config`, relative to `cwd`. Where it is given, nothing else is looked at. */
  readonly configFile?: string | undefined;
  /** Default: process.env. */
  readonly env?: NodeJS.ProcessEnv;
  /** The folder of `ormconfig.json`. Default: process.cwd(). */
  readonly cwd?: string;
}

/** The file that is looked for where nothing else is given. */
export const defaultConfigFile = 'ormconfig.json';

/**
 * Finds out where to connect to. The first source that is there is taken whole, the others are not looked at:
 * `configFile`, `DATABASE_URL`, the `DB_*` variables (given as soon as one of them is set), `ormconfig.json`.
 *
 * @throws ProtectionFlowsError CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID (every fault of the source, in
 * `details.faults`) or OPTION_REFUSED
 */
export function loadConnection(sources: ConnectionSources = {}): ConnectionSettings {
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
