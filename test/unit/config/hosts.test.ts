import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsFromProgram, loadConnection } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { temporaryFolder } from '../../support/temporary-folder';
import { errorOf, faultsOf, visible } from './faults-of';

const account = { DB_USERNAME: 'u', DB_PASSWORD: 'p@ss#word', DB_DATABASE: 'd' };
const fromEnvironment = (env: NodeJS.ProcessEnv) => loadConnection({ env: { ...account, ...env }, cwd: '/' });
const fromUrl = (url: string) => loadConnection({ env: { DATABASE_URL: url }, cwd: '/' });
const inFolder = (content: object): string => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'ormconfig.json'), JSON.stringify({ username: 'u', database: 'd', ...content }));
  return folder;
};
const fromFile = (content: object) => loadConnection({ env: {}, cwd: inFolder(content) });

const three = [
  { host: 'db1', port: 3306 },
  { host: '10.0.0.2', port: 3307 },
  { host: '::1', port: 3308 },
];

/** Guards that several hosts mean the same in all three sources, and that each refuses a wrong list. */
describe('several hosts', () => {
  it('are given by commas in DB_HOST, each with its port or that of DB_PORT', () => {
    expect(fromEnvironment({ DB_HOST: 'db1, 10.0.0.2:3307,[::1]:3308' })).toMatchObject({
      host: 'db1',
      port: 3306,
      hosts: three,
      password: 'p@ss#word',
    });
    expect(fromEnvironment({ DB_HOST: 'a,b:1,fe80::1,[::1]', DB_PORT: '4000' }).hosts).toEqual([
      { host: 'a', port: 4000 },
      { host: 'b', port: 1 },
      { host: 'fe80::1', port: 4000 },
      { host: '::1', port: 4000 },
    ]);
  });

  it('are given by commas in the URL, beside a password with @ and #', () => {
    const settings = fromUrl('mysql://u:p%40ss%23word@db1,10.0.0.2:3307,[::1]:3308/d?replicas=r1,[::1]:3310');
    expect(settings).toMatchObject({
      host: 'db1',
      hosts: three,
      password: 'p@ss#word',
      database: 'd',
      replicas: [
        { host: 'r1', port: 3306 },
        { host: '::1', port: 3310 },
      ],
    });
  });

  it('are given by a list in the file', () => {
    const settings = fromFile({ hosts: ['db1', '10.0.0.2:3307', '[::1]:3308'], replicas: ['r1:3307'] });
    expect(settings).toMatchObject({ hosts: three, replicas: [{ host: 'r1', port: 3307 }] });
  });

  it('are one host if the list has one', () => {
    expect(fromFile({ hosts: ['db1:3307'] })).toMatchObject({ host: 'db1', port: 3307, hosts: [] });
  });

  it.each([
    [{ DB_HOST: 'a,' }, ['DB_HOST no. 2 invalid']],
    [{ DB_HOST: 'a,b c,d:0,e:x' }, ['no. 2', 'no. 3', 'no. 4'].map((entry) => `DB_HOST ${entry} invalid`)],
    [{ DB_HOST: 'a,A:3306' }, ['DB_HOST no. 2 invalid']],
    [{ DB_HOST: 'a,/run/sock' }, ['DB_HOST no. 2 invalid']],
    [{ DB_HOST: 'a', DB_REPLICAS: 'b,,c' }, ['DB_REPLICAS no. 2 invalid']],
    [{ DB_HOST: 'a,b', DB_SOCKET: '/s' }, ['DB_SOCKET invalid']],
    [{ DB_SOCKET: '/s', DB_REPLICAS: 'r' }, ['DB_REPLICAS invalid']],
  ] as [NodeJS.ProcessEnv, string[]][])('in %j are refused, every fault named', (env, faults) => {
    const error = errorOf({ env: { ...account, ...env }, cwd: '/' });
    expect(faultsOf(error)).toEqual(faults);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(visible(error)).not.toContain(account.DB_PASSWORD);
  });

  it.each([
    [{ host: 'a,b' }, ['host invalid']],
    [{ host: 'a', hosts: ['b'] }, ['hosts invalid']],
    [{ hosts: 'a,b' }, ['hosts invalid']],
    [{ hosts: [] }, ['hosts invalid']],
    [{ hosts: ['a', null, 3306] }, ['hosts no. 2 invalid', 'hosts no. 3 invalid']],
    [{ hosts: ['a'], socketPath: '/s' }, ['socketPath invalid']],
    [{ host: 'a', replication: {} }, ['replication unknown']],
  ] as [object, string[]][])('in the file %j are refused', (content, faults) => {
    expect(faultsOf(errorOf({ env: {}, cwd: inFolder(content) }))).toEqual(faults);
  });

  it('in a URL with a fault are refused, and the error shows no part of the URL', () => {
    const error = errorOf({ env: { DATABASE_URL: 'mysql://u:p%40ss@a:3306,b:hush/d' }, cwd: '/' });
    expect(faultsOf(error)).toEqual(['its host no. 2 invalid']);
    expect(visible(error)).not.toContain('hush');
  });

  it('become the replication option of TypeORM if there are replicas, all with the same account', () => {
    const settings = settingsFromProgram({
      source: 'test',
      hosts: three,
      replicas: [{ host: 'r1', port: 3307 }],
      username: 'u',
      password: 'p',
      database: 'd',
    });
    const same = { username: 'u', password: 'p', database: 'd' };
    expect(dataSourceOptions(settings)).toMatchObject({
      host: 'db1',
      port: 3306,
      replication: {
        master: { host: 'db1', port: 3306, ...same },
        slaves: [{ host: 'r1', port: 3307, ...same }],
      },
    });
    expect(dataSourceOptions({ ...settings, replicas: [] })).not.toHaveProperty('replication');
  });
});
