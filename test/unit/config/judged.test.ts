import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConnection, type ConnectionSources, type KnownSettings } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { errorOf, faultsOf, visible } from './faults-of';
import { temporaryFolder } from '../../support/temporary-folder';

/** The call's result, or its error. */
const attempt = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

// Without these, a wrong environment or wrong settings could end in a TypeError, or lead to another database
describe('an argument that no compiler has checked', () => {
  it.each<[string, unknown, string[]]>([
    ['a URL', 'mysql://u:hush@h/d', ['they invalid']],
    ['an env that is a text', { env: 'mysql://u:hush@h/d' }, ['env invalid']],
    ['an env that is a list', { env: [] }, ['env invalid']],
    ['a URL that is none', { env: { DATABASE_URL: 5 } }, ['env.DATABASE_URL invalid']],
    [
      'variables that are no texts',
      { env: { DB_HOST: 'h', DB_PORT: 3306, DB_DATABASE: {} }, cwd: 1 },
      ['cwd invalid', 'env.DB_PORT invalid', 'env.DB_DATABASE invalid'],
    ],
  ])('is refused as a source of settings: %s', (_title, sources, faults) => {
    const error = errorOf(sources as ConnectionSources);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(faultsOf(error)).toEqual(faults);
    expect(visible(error)).not.toContain('hush');
  });

  it('counts as not given if it is null', () => {
    const folder = temporaryFolder();
    const complete = { host: 'from-file', username: 'u', password: 'hush', database: 'd' };
    writeFileSync(join(folder, 'ormconfig.json'), JSON.stringify(complete), { mode: 0o600 });
    const env = { DB_HOST: null, DATABASE_URL: null, DB_HOTS: null };
    const sources = { env, configFile: null, cwd: folder } as unknown as ConnectionSources;
    expect(loadConnection(sources).host).toBe('from-file');
    const ofProcess = { env: null, configFile: null, cwd: null } as unknown as ConnectionSources;
    expect(attempt(() => loadConnection(ofProcess))).toEqual(attempt(() => loadConnection({})));
  });

  it.each([null, undefined, 'mysql://u:hush@h/d', [], 5])('is refused as settings: %j', (settings) => {
    const error = attempt(() => dataSourceOptions(settings as unknown as KnownSettings));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', details: { faults: [{ option: 'they' }] } });
    expect(JSON.stringify(error)).not.toContain('hush');
  });
});
