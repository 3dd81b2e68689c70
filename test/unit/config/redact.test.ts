import { settingsFromProgram, redact } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';

const settings = settingsFromProgram({
  source: 'test',
  host: 'h',
  username: 'u',
  password: 'p@ss"#é(',
  database: 'd',
});

describe('redact', () => {
  it('removes the password: raw, percent-encoded in either case, and as JSON writes it', () => {
    const forms = [
      'p@ss"#é(',
      'p%40ss%22%23%C3%A9(',
      'p%40ss%22%23%c3%a9(',
      'p%40ss%22%23%C3%A9%28',
      'p@ss\\"#é(',
    ];
    for (const form of forms) expect(redact(`<${form}> <${form}>`, settings)).toBe('<***> <***>');
  });

  it('leaves a text unchanged if there is no password', () => {
    expect(redact('text', { ...settings, password: '' })).toBe('text');
  });

  it('accepts a lone surrogate, which has no percent-encoded form', () => {
    expect(redact('a\ud800b', { ...settings, password: '\ud800' })).toBe('a***b');
  });
});

describe('dataSourceOptions', () => {
  it('speaks UTC and utf8mb4, and never synchronizes', () => {
    expect(dataSourceOptions(settings)).toMatchObject({
      type: 'mariadb',
      host: 'h',
      port: 3306,
      username: 'u',
      database: 'd',
      poolSize: 10,
      connectTimeout: 10_000,
      charset: 'utf8mb4_unicode_ci',
      timezone: 'Z',
      synchronize: false,
      dropSchema: false,
      migrationsRun: false,
    });
  });

  it('uses the socket if there is one', () => {
    const options = dataSourceOptions({ ...settings, host: null, socketPath: '/s' });
    expect(options.socketPath).toBe('/s');
    expect(options).not.toHaveProperty('host');
  });

  it('passes certificates in a copy, because mysql2 writes into the object', () => {
    const ca = '-----BEGIN CERTIFICATE-----';
    const ssl = { ca, cert: null, key: null, rejectUnauthorized: true, verifyIdentity: true };
    const given = dataSourceOptions({ ...settings, ssl }).ssl as object;
    expect(given).toEqual({ ca, rejectUnauthorized: true, verifyIdentity: true });
    expect(given).not.toBe(ssl);
  });

  it('does not reveal a short password by masking it inside words', () => {
    const settings = { password: 'p', ssl: null };
    expect(redact('access of p is stopped: password "p"', settings)).toBe(
      'access of *** is stopped: password "***"',
    );
  });
});
