import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConnection, settingNames } from '../../../src/config';
import { errorOf, faultsOf, visible } from './faults-of';
import { temporaryFolder } from '../../support/temporary-folder';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const complete = { host: 'from-file', username: 'u', password: 'hush', database: 'd' };
const write = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
};
const fromFile = (content: unknown) => {
  write('ormconfig.json', content);
  return loadConnection({ env: {}, cwd: folder });
};
const fileError = (content: unknown) => {
  write('ormconfig.json', content);
  return errorOf({ env: {}, cwd: folder });
};

describe('the order of the sources', () => {
  const env = {
    DATABASE_URL: 'mysql://u:p@from-url/d',
    DB_HOST: 'from-db',
    DB_USERNAME: 'u',
    DB_DATABASE: 'd',
  };

  it('is --config, DATABASE_URL, DB_*, ormconfig.json', () => {
    write('ormconfig.json', complete);
    write('other.json', { ...complete, host: 'from-config' });
    const host = (sources: object) => loadConnection({ cwd: folder, ...sources }).host;
    expect(host({ configFile: 'other.json', env })).toBe('from-config');
    expect(host({ env })).toBe('from-url');
    expect(host({ env: { ...env, DATABASE_URL: ' ' } })).toBe('from-db');
    expect(host({ env: { DATABASE_URL: '', DB_HOST: '' } })).toBe('from-file');
  });

  it('mixes no sources: one DB_* variable is enough to ignore ormconfig.json', () => {
    write('ormconfig.json', complete);
    const fault = errorOf({ env: { DB_PASSWORD: 'hush' }, cwd: folder });
    expect(faultsOf(fault)).toEqual(['DB_HOST missing', 'DB_USERNAME missing', 'DB_DATABASE missing']);
    expect(fault.remedy).toContain('unset DB_PASSWORD');
  });

  it('ends with an error that names every source, and never falls back to localhost', () => {
    const fault = errorOf({ env: {}, cwd: folder });
    expect(fault).toMatchObject({ code: 'CONFIG_MISSING', stage: 'before-connecting' });
    for (const way of ['--config', 'DATABASE_URL', 'DB_HOST', 'ormconfig.json'])
      expect(fault.remedy).toContain(way);
  });
});

describe('the DB_* variables', () => {
  const env = { DB_HOST: 'h', DB_USERNAME: 'u', DB_PASSWORD: 'hush', DB_DATABASE: 'd' };

  it('give the settings', () => {
    write('ca.pem', '-----BEGIN CERTIFICATE-----');
    const more = { DB_PORT: '3307', DB_TYPE: 'MariaDB', DB_POOL_SIZE: '25', DB_SSL_CA: 'ca.pem' };
    expect(loadConnection({ env: { ...env, ...more }, cwd: folder })).toEqual({
      source: 'DB_*',
      declaredType: 'mariadb',
      host: 'h',
      port: 3307,
      hosts: [],
      replicas: [],
      socketPath: null,
      username: 'u',
      password: 'hush',
      database: 'd',
      poolSize: 25,
      connectTimeoutMs: 10_000,
      acquireTimeoutMs: 60_000,
      ssl: {
        ca: '-----BEGIN CERTIFICATE-----',
        cert: null,
        key: null,
        rejectUnauthorized: true,
        verifyIdentity: false,
      },
      migrationsRun: false,
      logging: false,
    });
  });

  it('take a password from a file, without the line break at its end', () => {
    write('secret', ' hush \n');
    const settings = loadConnection({
      env: { ...env, DB_PASSWORD: '', DB_PASSWORD_FILE: 'secret' },
      cwd: folder,
    });
    expect(settings.password).toBe(' hush ');
  });

  it.each([
    ['DB_PORT', { DB_PORT: '3306.5' }, 'DB_PORT invalid', 'CONFIG_INVALID'],
    ['DB_PORT', { DB_PORT: '-1' }, 'DB_PORT invalid', 'CONFIG_INVALID'],
    ['DB_PORT', { DB_PORT: '0x10' }, 'DB_PORT invalid', 'CONFIG_INVALID'],
    ['DB_POOL_SIZE', { DB_POOL_SIZE: '1001' }, 'DB_POOL_SIZE invalid', 'CONFIG_INVALID'],
    ['DB_TYPE', { DB_TYPE: 'postgres' }, 'DB_TYPE invalid', 'CONFIG_INVALID'],
    ['DB_HOST', { DB_HOST: 'h:3306' }, 'DB_HOST invalid', 'CONFIG_INVALID'],
    ['DB_HOST', { DB_HOST: '/run/mysqld.sock' }, 'DB_HOST invalid', 'CONFIG_INVALID'],
    ['DB_SOCKET', { DB_SOCKET: '/s' }, 'DB_SOCKET invalid', 'CONFIG_INVALID'],
    ['DB_PASSWORD_FILE', { DB_PASSWORD_FILE: 'x' }, 'DB_PASSWORD_FILE invalid', 'CONFIG_INVALID'],
    [
      'DB_PASSWORD_FILE',
      { DB_PASSWORD: '', DB_PASSWORD_FILE: 'none' },
      'DB_PASSWORD_FILE unreadable',
      'CONFIG_UNREADABLE',
    ],
    ['DB_SSL_CA', { DB_SSL_CA: 'none.pem' }, 'DB_SSL_CA unreadable', 'CONFIG_UNREADABLE'],
  ])('refuse a wrong %s: %j', (_name, wrong, fault, code) => {
    const error = errorOf({ env: { ...env, ...wrong }, cwd: folder });
    expect(error.code).toBe(code);
    expect(faultsOf(error)).toEqual([fault]);
    expect(visible(error)).not.toContain('hush');
  });

  it('say where a port or path belongs that was written into the host', () => {
    const message = (host: string) => errorOf({ env: { ...env, DB_HOST: host }, cwd: folder }).message;
    expect(message('h:3306')).toContain('must not hold a port');
    expect(message('/run/mysqld.sock')).toContain('belongs in the socket option');
  });

  it('refuse an authority that is not PEM, and an empty password file', () => {
    write('ca.pem', 'der');
    write('empty', '\n');
    const error = errorOf({
      env: { ...env, DB_PASSWORD: '', DB_PASSWORD_FILE: 'empty', DB_SSL_CA: 'ca.pem' },
      cwd: folder,
    });
    expect(faultsOf(error)).toEqual(['DB_PASSWORD_FILE invalid', 'DB_SSL_CA invalid']);
  });
});

describe('ormconfig.json', () => {
  it('takes every option', () => {
    write('ca.pem', '-----BEGIN CERTIFICATE-----');
    const all = {
      type: 'mysql',
      host: null,
      port: 1,
      socketPath: '/s',
      username: 'u',
      password: '',
      database: 'd',
      poolSize: 1000,
      connectTimeout: 1,
      acquireTimeout: 2,
      ssl: { ca: 'ca.pem', rejectUnauthorized: false, verifyIdentity: null },
      migrationsRun: true,
      logging: ['query', 'error'],
      synchronize: false,
      dropSchema: null,
    };
    expect(fromFile(all)).toMatchObject({
      source: join(folder, 'ormconfig.json'),
      declaredType: 'mysql',
      host: null,
      port: 1,
      socketPath: '/s',
      password: '',
      poolSize: 1000,
      connectTimeoutMs: 1,
      acquireTimeoutMs: 2,
      ssl: { rejectUnauthorized: false, verifyIdentity: false },
      migrationsRun: true,
      logging: ['query', 'error'],
    });
  });

  it('has every option in ormconfig.example.json', () => {
    const file = resolve(__dirname, '../../../ormconfig.example.json');
    const settings = loadConnection({ configFile: file, env: {}, cwd: folder });
    expect(settings).toMatchObject({
      host: 'localhost',
      username: 'oma_user',
      password: 'oma_password',
      database: 'migratekit_oma',
    });
    const names = Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object);
    expect(names).toEqual([
      ...settingNames.filter((name) => !name.includes('.')),
      'synchronize',
      'dropSchema',
    ]);
  });

  it('names every wrong option at once, with the similar name', () => {
    const error = fileError({
      ...complete,
      port: '3306',
      pool_size: 5,
      DATABASE: 'x',
      usrname: 'x',
      entities: [],
      migrationsRun: 'yes',
      logging: ['queries'],
      zzz: 1,
      ssl: { caa: 'x' },
      poolSize: 1.5,
    });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(faultsOf(error)).toEqual([
      'pool_size unknown',
      'DATABASE unknown',
      'usrname unknown',
      'entities unknown',
      'zzz unknown',
      'ssl.caa unknown',
      'port invalid',
      'poolSize invalid',
      'migrationsRun invalid',
      'logging invalid',
    ]);
    expect(error.message).toContain('pool_size is not known; did you mean poolSize?');
    expect(error.message).toContain('DATABASE is not known; did you mean database?');
    expect(error.message).toContain('usrname is not known; did you mean username?');
    expect(error.message).toContain('zzz is not known; known are type, host');
    expect(error.message).toContain('port must be a whole number from 1 to 65535, without quotes');
    expect(visible(error)).not.toContain('hush');
  });

  it.each(['synchronize', 'dropSchema'])('refuses %s: true, whatever else is wrong', (option) => {
    const error = fileError({ ...complete, port: 0, [option]: true });
    expect(error).toMatchObject({ code: 'OPTION_REFUSED', stage: 'before-connecting' });
    expect(faultsOf(error)).toEqual([`${option} refused`, 'port invalid']);
  });

  it.each([
    ['a comment', '{\n  // hush\n}', 2, 3, 'no comments'],
    ['a comma too many', '{"password":"hush",\n}', 2, 1, 'a comma too many'],
    ['single quotes', "{'password':'hush'}", 1, 2, 'double quotes'],
    ['a name without quotes', '{\n\n hush: 1}', 3, 2, 'a name in double quotes'],
    ['a missing comma', '{"password":"hush" "host":"h"}', 1, 20, 'a comma or a colon is missing'],
    ['an unclosed string', '{"password":"hush}', 1, 13, 'not closed'],
    ['no end', '{"password":"hush"', 1, 19, 'ends too early'],
    ['nothing', '', 1, 1, 'empty'],
    ['something after the end', '{}\n hush', 2, 2, 'cannot stand here'],
    ['a bare word', '{"password":hush}', 1, 13, 'cannot stand here'],
  ])('shows line and column of %s, and nothing of the text', (_name, text, line, column, reason) => {
    const error = fileError(text);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`line ${line}, column ${column}: `);
    expect(error.message).toContain(reason);
    expect(visible(error)).not.toContain('hush');
  });

  it.each([['[1]'], ['"text"'], ['null']])('refuses JSON that is no object: %s', (text) => {
    expect(fileError(text)).toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('agrees with JSON.parse on what JSON is', () => {
    const texts = [
      '{"a":[1,-2.5e+3,true,null,{"b":"\\u00e4\\n\\""}],"c":{}}',
      '[]',
      ' 0 ',
      '01',
      '1.',
      '[1,]',
      '"\t"',
    ];
    for (const text of texts) {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect([text, fileError(text).message.includes('is not JSON')]).toEqual([text, !valid]);
    }
  });

  it('reads a file that begins with a byte order mark', () => {
    expect(fromFile(`\uFEFF${JSON.stringify(complete)}`).host).toBe('from-file');
  });

  it('resolves the files that it names relative to its own folder', () => {
    write('secret', 'from-secret');
    const path = write('other.json', { ...complete, password: null, passwordFile: 'secret' });
    expect(loadConnection({ configFile: path, env: {}, cwd: '/' }).password).toBe('from-secret');
  });
});

describe('--config', () => {
  it('refuses a missing file, a folder, and a file that may not be read', () => {
    const none = errorOf({ configFile: 'none.json', env: {}, cwd: folder });
    expect(none).toMatchObject({ code: 'CONFIG_UNREADABLE', details: { path: join(folder, 'none.json') } });
    expect(errorOf({ configFile: '.', env: {}, cwd: folder }).message).toContain('it is a folder');
    if (process.getuid?.() === 0) return;
    chmodSync(write('closed.json', complete), 0);
    expect(errorOf({ configFile: 'closed.json', env: {}, cwd: folder }).message).toContain('may not read it');
  });
});
