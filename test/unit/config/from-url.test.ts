import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConnection } from '../../../src/config';
import { errorOf, faultsOf, visible } from './faults-of';
import { temporaryFolder } from '../../support/temporary-folder';

const load = (url: string, cwd = '/') => loadConnection({ env: { DATABASE_URL: url }, cwd });
const error = (url: string) => errorOf({ env: { DATABASE_URL: url }, cwd: '/' });

describe('DATABASE_URL', () => {
  it('gives host, port, user, password and database, percent-decoded', () => {
    expect(load('mysql://oma%5Fuser:p%40ss%23w%2Fd%3F%25@db.example:3307/my%20own-db')).toMatchObject({
      source: 'DATABASE_URL',
      declaredType: null,
      host: 'db.example',
      port: 3307,
      socketPath: null,
      username: 'oma_user',
      password: 'p@ss#w/d?%',
      database: 'my own-db',
      poolSize: 10,
      ssl: null,
    });
  });

  it.each([
    ['an empty password', 'mysql://root@h/d', ''],
    ['a colon in the password', 'mysql://root:a:b@h/d', 'a:b'],
    ['a raw @, which cannot be mistaken', 'mysql://root:a@b@h/d', 'a@b'],
    ['a plus, which is no blank', 'mysql://root:a+b@h/d', 'a+b'],
  ])('takes %s', (_name, url, password) => {
    expect(load(url)).toMatchObject({ username: 'root', password, host: 'h', database: 'd', port: 3306 });
  });

  it('does not declare a server type by its scheme, because people copy schemes', () => {
    expect(load('mariadb://u:p@h/d').declaredType).toBeNull();
  });

  it.each([
    ['mysql://u:p@[::1]/d', '::1', 3306],
    ['mysql://u:p@[fe80::1%25eth0]:3310/d', 'fe80::1%eth0', 3310],
  ])('takes the IPv6 host of %s', (url, host, port) => {
    expect(load(url)).toMatchObject({ host, port });
  });

  it('takes a socket, a pool size and a time limit as parameters', () => {
    expect(
      load('mysql://u:p@localhost/d?socketPath=/run/my+sql.sock&poolSize=3&connectTimeout=500'),
    ).toMatchObject({
      host: null,
      socketPath: '/run/my+sql.sock',
      poolSize: 3,
      connectTimeoutMs: 500,
    });
  });

  it('takes an authority as a parameter, relative to the current folder', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\n');
    expect(load('mysql://u:p@h/d?sslCa=ca.pem', folder).ssl).toMatchObject({
      ca: '-----BEGIN CERTIFICATE-----\n',
      rejectUnauthorized: true,
      verifyIdentity: false,
    });
    expect(load('mysql://u:p@h/d?ssl=true').ssl).toMatchObject({ ca: null, verifyIdentity: true });
    expect(load('mysql://u:p@h/d?ssl=false').ssl).toBeNull();
  });

  it.each(['#', '/', '?'])(
    'says to percent-encode a raw %s in the password, and shows no piece of it',
    (raw) => {
      for (const url of [
        `mysql://u:hush${raw}hash@h/d`,
        `mysql://u:1${raw}hush@h/d`,
        `mysql://u:hu@sh${raw}hash@h/d`,
      ]) {
        const fault = error(url);
        expect(fault).toMatchObject({ code: 'CONFIG_INVALID', stage: 'before-connecting' });
        expect(fault.message).toContain('percent-encode');
        expect(fault.remedy).toContain('%23');
        expect(visible(fault)).not.toMatch(/hush|hash/);
      }
    },
  );

  it.each([
    ['postgres://u:hush@h/d', 'postgres://, but this package supports only MySQL and MariaDB'],
    ['u:hush@h/d', 'not a URL'],
    ['mysql:u:hush@h/d', 'not a URL'],
    ['mysql://u:hush', 'user name is missing'],
    ['mysql://u:hush?x', 'user name is missing'],
    ['mysql://u:hush%zz@h/d', 'write %25'],
    ['mysql://u:hush@::1/d', 'brackets'],
    ['mysql://u:hush@h/d/e', 'raw /'],
    ['mysql://u:hush@h:0/d', 'port must be a whole number from 1 to 65535'],
    ['mysql://u:hush@h:65536/d', 'port must be'],
    ['mysql://u:hush@h:3306x/d', 'port must be'],
    ['mysql://u:hush@h/', 'database is missing'],
    ['mysql://u:hush@/d', 'no default host'],
    ['mysql://:hush@h/d', 'user name is missing'],
    [`mysql://u:hush@h/${'d'.repeat(65)}`, 'longer than 64'],
    ['mysql://u:hush@h/d?socketPath=/s', 'both given'],
    ['mysql://u:hush@h/d?poolSize=0', 'from 1 to 1000'],
    ['mysql://u:hush@h/d?pool_sise=5', 'did you mean poolSize?'],
    ['mysql://u:hush@h/d?charset=utf8', 'not known'],
    ['mysql://u:hush@h/d?ssl=1', 'true or false'],
  ])('refuses %s', (url, reason) => {
    const fault = error(url);
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.message).toContain(reason);
    expect(visible(fault)).not.toContain('hush');
  });

  it('names every fault at once', () => {
    expect(faultsOf(error('mysql://:hush@h:x/?poolSize=many&foo=1'))).toEqual([
      'its parameter foo unknown',
      'its port invalid',
      'its user name missing',
      'its database missing',
      'its parameter poolSize invalid',
    ]);
  });

  it('reports a missing authority file as unreadable', () => {
    const fault = error('mysql://u:hush@h/d?sslCa=/no/such.pem');
    expect(fault.code).toBe('CONFIG_UNREADABLE');
    expect(fault.message).toContain('/no/such.pem, which cannot be read: it does not exist');
  });
});
