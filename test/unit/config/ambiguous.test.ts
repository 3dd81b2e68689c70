import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConnection } from '../../../src/config';
import { temporaryFolder } from '../../support/temporary-folder';
import { errorOf, faultsOf, visible } from './faults-of';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const write = (name: string, content: string | Buffer, mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, content, { mode });
  return path;
};
const url = (query: string) => errorOf({ env: { DATABASE_URL: `mysql://u:hush@h/d?${query}` }, cwd: folder });
const file = (text: string | Buffer) => errorOf({ configFile: write('c.json', text), env: {}, cwd: folder });
const account = '"host":"h","username":"u","password":"hush","database":"d"';

/** Guards that duplicate or contradictory settings are refused, and the last one does not win. */
describe('a setting that is given twice', () => {
  it.each([
    ['ssl=true&ssl=false', ['its parameter ssl invalid']],
    ['sslCa=a.pem&sslCa=b.pem', ['its parameter sslCa invalid', 'its parameter sslCa unreadable']],
    ['poolSize=1&poolSize=1', ['its parameter poolSize invalid']],
    ['user=root', ['its parameter user unknown']],
    ['sslca=x', ['its parameter sslca unknown']],
  ])('in a URL is refused: %s', (query, faults) => {
    expect(faultsOf(url(query))).toEqual(faults);
    expect(visible(url(query))).not.toContain('hush');
  });

  it('in a URL is refused if one of the two turns TLS off', () => {
    write('ca.pem', '-----BEGIN CERTIFICATE-----');
    expect(faultsOf(url('ssl=false&sslCa=ca.pem'))).toEqual(['its parameter ssl invalid']);
  });

  it.each([
    [`{${account},"host":"other"}`, 1, 61],
    [`{${account},\n "h\\u006fst":"other"}`, 2, 2],
    [`{${account},"ssl":{"ca":"a",\n"ca":"b"}}`, 2, 1],
  ])('in JSON is refused with its place: %s', (text, line, column) => {
    const error = file(text);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toContain(`is ambiguous: line ${line}, column ${column}: `);
    expect(visible(error)).not.toContain('hush');
  });

  it('in different objects is no fault', () => {
    write('c.json', `{${account},"ssl":{"rejectUnauthorized":false},"hosts":null}`);
    expect(loadConnection({ configFile: 'c.json', env: {}, cwd: folder }).ssl?.verifyIdentity).toBe(false);
  });
});

describe('contradictions about TLS', () => {
  it.each([
    ['"ssl":{"rejectUnauthorized":false,"verifyIdentity":true}', ['ssl.verifyIdentity invalid']],
    ['"ssl":{"verifyIdentity":true},"port":0', ['port invalid']],
    ['"ssl.ca":"x"', ['ssl.ca unknown']],
  ])('in a file are refused: %s', (more, faults) => {
    expect(faultsOf(file(`{${account},${more}}`))).toEqual(faults);
  });

  it('are reported for an address that a certificate cannot be compared with', () => {
    const text = `{${account.replace('"h"', '"10.0.0.1"')},"ssl":{"verifyIdentity":true}}`;
    expect(faultsOf(file(text))).toEqual(['ssl.verifyIdentity invalid']);
    expect(faultsOf(errorOf({ env: { DATABASE_URL: 'mysql://u:p@[::1]/d?ssl=true' }, cwd: '/' }))).toEqual([
      'its parameter ssl invalid',
    ]);
  });
});

/** Guards that no file crashes the process, or is read as another text than it contains. */
describe('a file', () => {
  it('with endless nesting is refused with its place', () => {
    const error = file('['.repeat(200_000));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toContain(
      'is no configuration: line 1, column 33: it is nested deeper than 32 levels',
    );
  });

  it.each([
    ['is too long', Buffer.alloc(1024 * 1024 + 1, ' '), 'longer than 1048576 bytes'],
    ['is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'not UTF-8'],
  ])('that %s is unreadable', (_what, content, reason) => {
    const error = file(content);
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE' });
    expect(error.message).toContain(reason);
  });

  const env = { DB_HOST: 'h', DB_USERNAME: 'u', DB_DATABASE: 'd' };

  it('with a password that is not UTF-8 is unreadable, and so is an endless one', () => {
    write('latin1', Buffer.from('paßwort', 'latin1'));
    for (const path of ['latin1', '/dev/zero']) {
      const error = errorOf({ env: { ...env, DB_PASSWORD_FILE: path }, cwd: folder });
      expect(faultsOf(error)).toEqual(['DB_PASSWORD_FILE unreadable']);
      expect(visible(error)).not.toContain('wort');
    }
  });

  it('may be a pipe', () => {
    const program = `
      const { loadConnection } = require('./src/config');
      console.log(loadConnection({ env: { DB_HOST: 'h', DB_USERNAME: 'u', DB_DATABASE: 'd', DB_PASSWORD_FILE: '/dev/stdin' } }).password)`;
    // Node.js gives a child process a socket as stdin; a shell gives it a pipe
    const command = 'printf "from-pipe\\n" | "$0" -r ./test/support/register-swc.js -e "$1"';
    const options = { cwd: join(__dirname, '../../..'), encoding: 'utf8' } as const;
    expect(execFileSync('sh', ['-c', command, process.execPath, program], options)).toBe('from-pipe\n');
  });
});

describe('a file with a secret', () => {
  const env = { DB_HOST: 'h', DB_USERNAME: 'u', DB_DATABASE: 'd' };
  const warningsOf = (file: string): string[] => {
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      for (const _again of [1, 2]) loadConnection({ env: { ...env, DB_PASSWORD_FILE: file }, cwd: folder });
      return emit.mock.calls.map(
        ([text, options]) => `${(options as unknown as { code: string }).code} ${String(text)}`,
      );
    } finally {
      emit.mockRestore();
    }
  };

  it('that every user may read causes one warning, also through a link, and the fix ends the warning', () => {
    const path = write('secret', 'hush');
    symlinkSync(path, join(folder, 'link'));
    expect(warningsOf('secret')).toEqual([]);
    chmodSync(path, 0o640);
    expect(warningsOf('secret')).toEqual([]);
    chmodSync(path, 0o644);
    const [warning = '', ...more] = warningsOf('link');
    expect(more).toEqual([]);
    expect(warning).toMatch(
      /^SECRET_FILE_OPEN every user of this machine may read the secret in .*link; chmod o-r /,
    );
    expect(warning).not.toContain('hush');
    execFileSync('sh', ['-c', warning.slice(warning.indexOf('chmod'))]);
    expect(warningsOf('secret')).toEqual([]);
  });
});
