import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConnection } from '../../../src/config';
import { temporaryFolder } from '../../support/temporary-folder';
import { errorOf, faultsOf, visible } from './faults-of';

const complete = { DB_HOST: 'h', DB_USERNAME: 'u', DB_PASSWORD: 'hush', DB_DATABASE: 'd' };
const load = (env: NodeJS.ProcessEnv) => loadConnection({ env: { ...complete, ...env }, cwd: '/' });
const error = (env: NodeJS.ProcessEnv) => errorOf({ env: { ...complete, ...env }, cwd: '/' });

/** Guards that a variable meant for this package is never ignored: that could mean no TLS, or another database. */
describe('an unknown DB_… variable', () => {
  it.each([
    ['DB_USER', 'DB_USERNAME'],
    ['DB_USERNMAE', 'DB_USERNAME'],
    ['DB_PASS', 'DB_PASSWORD'],
    ['DB_PASSWD', 'DB_PASSWORD'],
    ['DB_PWD', 'DB_PASSWORD'],
    ['DB_NAME', 'DB_DATABASE'],
    ['DB_SCHEMA', 'DB_DATABASE'],
    ['DB_HOSTNAME', 'DB_HOST'],
    ['DB_SERVER', 'DB_HOST'],
    ['DB_SOCKET_PATH', 'DB_SOCKET'],
    ['DB_POOL', 'DB_POOL_SIZE'],
    ['DB_POOLSIZE', 'DB_POOL_SIZE'],
    ['DB_CONNECTION_LIMIT', 'DB_POOL_SIZE'],
    ['DB_SSL', 'DB_SSL_CA'],
    ['DB_SSLMODE', 'DB_SSL_CA'],
    ['DB_TLS', 'DB_SSL_CA'],
    ['DB_USE_TLS', 'DB_SSL_CA'],
    ['DB_SSL_CA_FILE', 'DB_SSL_CA'],
    ['DB_CA_CERT', 'DB_SSL_CA'],
    ['DB_URL', 'the environment variable DATABASE_URL'],
    ['DB_DSN', 'the environment variable DATABASE_URL'],
  ])('is refused if it resembles a known one: %s, with %s', (name, meant) => {
    const fault = error({ [name]: 'hash' });
    expect(faultsOf(fault)).toEqual([`${name} unknown`]);
    expect(fault.message).toContain(`${name} is not known; did you mean ${meant}?`);
    expect(visible(fault)).not.toMatch(/hush|hash/);
  });

  it.each([
    ['DB_SSL_CERT', 'ssl.cert in a file'],
    ['DB_CONNECT_TIMEOUT', 'connectTimeout in DATABASE_URL'],
    ['DB_MIGRATIONS_RUN', 'migrationsRun in a file'],
    ['DB_SSL', 'ssl in DATABASE_URL'],
  ])('is refused if only another source has such a setting: %s', (name, place) => {
    expect(error({ [name]: 'true' }).message).toContain(place);
  });

  it('is accepted if it has the same value as the known one, and refused otherwise', () => {
    expect(load({ DB_USER: 'u', DB_NAME: 'd' }).username).toBe('u');
    expect(faultsOf(error({ DB_USER: 'root', DB_NAME: 'd' }))).toEqual(['DB_USER unknown']);
  });

  it.each([
    'DB_CHARSET',
    'DB_ROOT_PASSWORD',
    'DB_CONNECTION',
    'DB_BACKUP_DIR',
    'DB_PORT_3306_TCP',
    'DB_SERVICE_HOST',
    'DB_PREFIX',
  ])('is ignored if it resembles no known one: %s', (name) => {
    expect(load({ [name]: 'x' }).password).toBe('hush');
  });

  it('keeps ormconfig.json from being used, as the known ones do, unless it is empty', () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'ormconfig.json'),
      JSON.stringify({ host: 'h', username: 'u', database: 'd' }),
    );
    const fault = errorOf({ env: { DB_PASS: 'hush' }, cwd: folder });
    expect(faultsOf(fault)).toContain('DB_PASS unknown');
    expect(fault.remedy).toContain('unset DB_PASS');
    expect(loadConnection({ env: { DB_PASS: '', DB_FOO: 'x' }, cwd: folder }).host).toBe('h');
  });

  it('does not matter if another source is used', () => {
    const env = { DATABASE_URL: 'mysql://u:p@from-url/d', DB_PASS: 'x' };
    expect(loadConnection({ env, cwd: '/' }).host).toBe('from-url');
  });
});
