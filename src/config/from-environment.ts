import type { ConnectionSettings } from './connection-settings';
import { FaultList } from './faults';
import { labelIn } from './nested-values';
import { readSettings } from './read-settings';
import { variablePrefix, wordsOf, type SettingName } from './settings-table';
import { resemblance } from './unknown-names';

/** The variables, each with the setting that it is. */
const variables = wordsOf('environment');

/** An empty variable is not set: compose files write `DB_PORT=`. */
const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => env[name] !== undefined && env[name] !== '';

/**
 * A variable that is not known and resembles one that is, with what is wrong. One that says the same as the one that it
 * resembles is as good as left out: programs of several kinds may share an environment.
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

/** The variables that are set and speak of a connection: those that are known, and those that resemble them. */
export function givenVariables(env: NodeJS.ProcessEnv): string[] {
  return [...[...variables.keys()].filter((name) => isSet(env, name)), ...misnamed(env).keys()];
}

/** Reads the settings out of the DB_* variables. */
export function settingsFromEnvironment(env: NodeJS.ProcessEnv, cwd: string): ConnectionSettings {
  const faults = new FaultList(
    'DB_*',
    `Set DB_HOST (or DB_SOCKET), DB_USERNAME and DB_DATABASE, or unset ${givenVariables(env).join(', ')} to use another way.`,
  );
  for (const [name, sentence] of misnamed(env)) faults.add('unknown', name, sentence);
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, setting] of variables) if (isSet(env, name)) values[setting] = env[name];
  const given = { source: 'DB_*', values, textual: true, baseDirectory: cwd };
  return readSettings({ ...given, label: labelIn('environment') }, faults);
}
