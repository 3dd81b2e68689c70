import { rules } from '../../../src/engine/preflight';
import { serverSettingUnsafe } from '../../../src/engine/preflight/rules/server';

/** The codes of the rules, and those that only preflight reports about a server's settings. */
export function codesOfRules(): string[] {
  const setting = { name: 'some_setting', value: '0', wanted: '1', message: '', remedy: '' };
  const ofSettings = serverSettingUnsafe([setting]).map(({ code }) => code);
  return [...new Set([...rules.map(([code]) => code), ...ofSettings])].sort();
}
