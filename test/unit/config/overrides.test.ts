import type { DataSourceOptions } from 'typeorm';
import { settingsFromProgram } from '../../../src/config';
import { withOverrides } from '../../../src/typeorm/overrides';
import { isProtectionFlowsError, type ProtectionFlowsError } from '../../../src/errors';
import { faultsOf } from './faults-of';

const settings = settingsFromProgram({
  host: 'h',
  username: 'u',
  password: 'p',
  database: 'd',
});
const ca = '-----BEGIN CERTIFICATE-----';
const configured = settingsFromProgram({ ...settings, ssl: { ca } });
const set = (options: object, on = configured) => withOverrides(on, options as Partial<DataSourceOptions>);

function errorOf(options: object): ProtectionFlowsError {
  try {
    set(options);
  } catch (error) {
    if (isProtectionFlowsError(error)) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** Guards that `setOptions` is not ignored, and cannot send sessions to another server or without TLS. */
describe('options set on the data source', () => {
  it('override the settings, and leave all other settings unchanged', () => {
    const logger = 'debug';
    const result = set({ host: undefined, port: null, poolSize: 3, migrationsRun: true, logger });
    expect(result).toMatchObject({ host: 'h', port: 3306, poolSize: 3, migrationsRun: true, logger });
    expect(result.ssl).toEqual({ ca, rejectUnauthorized: true, verifyIdentity: false });
  });

  it('are validated by the rules of the settings, all at once', () => {
    const error = errorOf({
      host: '',
      port: '3306',
      poolSize: -3,
      connectTimeout: NaN,
      migrationsRun: 'false',
    });
    expect(error.code).toBe('CONFIG_INVALID');
    expect(faultsOf(error)).toEqual(
      ['host', 'port', 'poolSize', 'connectTimeout', 'migrationsRun'].map((name) => `${name} invalid`),
    );
  });

  it.each([
    [{ host: null }, ['host missing']],
    [{ url: 'mysql://u@elsewhere/d' }, ['url unknown']],
    [{ replication: {} }, ['replication unknown']],
    [{ timezone: 'local' }, ['timezone unknown']],
    [{ driver: {} }, ['driver unknown']],
    [{ sslCa: 'x' }, ['sslCa unknown']],
    [{ hots: 'x' }, ['hots unknown']],
    [{ synchronize: 'true' }, ['synchronize invalid']],
    [{ host: 'x', socketPath: '/s' }, ['socketPath invalid']],
    [{ ssl: 'no such profile' }, ['ssl invalid']],
    [{ ssl: 1 }, ['ssl invalid']],
    [{ ssl: { rejectUnauthorized: 'no' } }, ['ssl.rejectUnauthorized invalid']],
    [{ ssl: { rejectUnauthorized: false, verifyIdentity: true } }, ['ssl.verifyIdentity invalid']],
    [{ ssl: {}, extra: { ssl: {} } }, ['extra.ssl invalid']],
    [{ extra: { host: 'elsewhere', user: 'root' } }, ['extra.host unknown', 'extra.user unknown']],
    [
      { extra: { timezone: 'local', rowsAsArray: true } },
      ['extra.timezone unknown', 'extra.rowsAsArray unknown'],
    ],
    [{ extra: { connectionLimit: -3 } }, ['extra.connectionLimit invalid']],
    [{ extra: 'ssl' }, ['extra invalid']],
  ] as [object, string[]][])('are refused: %j', (options, faults) => {
    expect(faultsOf(errorOf(options))).toEqual(faults);
  });

  it.each(['synchronize', 'dropSchema'])('are refused with %s', (option) => {
    expect(errorOf({ [option]: true, port: 0 })).toMatchObject({ code: 'OPTION_REFUSED' });
  });

  it('that only TypeORM knows are passed on unchanged', () => {
    const options = {
      name: 'x',
      cache: true,
      maxQueryExecutionTime: 5,
      entities: [],
      subscribers: [],
      flags: ['+X'],
    };
    expect(set(options)).toMatchObject(options);
  });

  it('set TLS in extra, by a profile or as true, for all sessions', () => {
    const profile = 'Amazon RDS';
    expect(set({ extra: { ssl: { ca: 'B' }, connectionLimit: 4, maxIdle: 1 } })).toMatchObject({
      ssl: { ca: 'B' },
      poolSize: 4,
      extra: { maxIdle: 1 },
    });
    expect(set({ extra: { ssl: profile } }).ssl).toBe(profile);
    expect(set({ ssl: true }).ssl).toEqual({ rejectUnauthorized: true, verifyIdentity: true });
    expect(set({ ssl: false }).ssl).toBeUndefined();
  });

  it('apply to each server if there are replicas', () => {
    const on = settingsFromProgram({ ...settings, replicas: ['r'] });
    expect(set({ host: 'x', username: 'v', password: 'q' }, on)).toMatchObject({
      host: 'x',
      password: 'q',
      replication: { master: { host: 'x', username: 'v' }, slaves: [{ host: 'r', username: 'v' }] },
    });
  });

  it('replace a socket by a host', () => {
    const on = settingsFromProgram({ ...settings, host: null, socketPath: '/s' });
    expect(set({ host: 'x' }, on)).not.toHaveProperty('socketPath');
  });
});
