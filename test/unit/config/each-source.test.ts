import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  loadConnection,
  settingNames,
  settingsFromProgram,
  settingsTable,
  spelling,
  type ConnectionSettings,
  type KnownSettings,
  type SettingName,
  type SettingSource,
} from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { isProtectionFlowsError, type ProtectionFlowsError } from '../../../src/errors';
import { ProtectionFlowsModule } from '../../../src/nestjs';
import { temporaryFolder } from '../../support/temporary-folder';
import { faultsOf, visible } from './faults-of';

type Values = Partial<Record<SettingName, unknown>>;

const complete: Values = { host: 'h', username: 'u', password: 'hush', database: 'd' };
const pem = '-----BEGIN CERTIFICATE-----\n';

/** Settings in the form of a source, with the values of `ssl` in an object. */
function nested(values: Values, source: 'file' | 'program'): Record<string, unknown> {
  const content: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const word = spelling(name as SettingName, source) ?? name;
    if (!word.startsWith('ssl.')) content[word] = value;
    else content.ssl = { ...(content.ssl as object), [word.slice(4)]: value };
  }
  return content;
}

function urlOf(values: Values): string {
  const part = (name: SettingName): string => encodeURIComponent(String(values[name] ?? ''));
  const query = Object.entries(values).flatMap(([name, value]) => {
    const word = spelling(name as SettingName, 'url') ?? '';
    return /[a-z]/.test(word) ? [`${word}=${encodeURIComponent(String(value))}`] : [];
  });
  const port = values.port === undefined ? '' : `:${part('port')}`;
  return `mysql://${part('username')}:${part('password')}@${part('host')}${port}/${part('database')}?${query.join('&')}`;
}

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'secret'), 'from-file', { mode: 0o600 });
  writeFileSync(join(folder, 'pem'), pem, { mode: 0o600 });
});

/** Reads the same values from each of the four sources. */
const readFrom: Record<SettingSource, (values: Values) => ConnectionSettings> = {
  file: (values) => {
    const configFile = join(folder, 'settings.json');
    writeFileSync(configFile, JSON.stringify(nested(values, 'file')));
    return loadConnection({ configFile, env: {}, cwd: folder });
  },
  url: (values) => loadConnection({ env: { DATABASE_URL: urlOf(values) }, cwd: folder }),
  environment: (values) => {
    const named = Object.entries(values).map(([name, value]) => [
      spelling(name as SettingName, 'environment'),
      String(value),
    ]);
    return loadConnection({ env: Object.fromEntries(named) as NodeJS.ProcessEnv, cwd: folder });
  },
  program: (values) => settingsFromProgram(nested(values, 'program') as unknown as KnownSettings),
};

function errorOf(call: () => unknown): ProtectionFlowsError {
  try {
    call();
  } catch (error) {
    if (isProtectionFlowsError(error)) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** For each setting: a right value, and the values that are wrong in every source. */
const samples: Record<SettingName, { readonly right: unknown; readonly wrong: readonly unknown[] }> = {
  type: { right: 'mysql', wrong: ['postgres'] },
  host: { right: 'other', wrong: ['a b', 'h:3306', '/run/sock'] },
  port: { right: 3307, wrong: ['abc', -1, 0, 65_536, 1.5, 1e21] },
  hosts: { right: ['a:1', 'b'], wrong: [['a', 'a'], ['a b'], 'a,b', [1], [{}]] },
  replicas: { right: ['r:1'], wrong: [['r', 'r'], [''], ['r:0']] },
  socketPath: { right: '/s', wrong: ['a\0b'] },
  username: { right: 'v', wrong: ['a\0b'] },
  password: { right: ' p ', wrong: [] },
  passwordFile: { right: 'secret', wrong: ['a\0b'] },
  database: { right: 'a.b`"', wrong: ['x'.repeat(65), 'blank '] },
  poolSize: { right: 3, wrong: [-3, 0, 1_001, 2.5, 'many'] },
  connectTimeout: { right: 50, wrong: [-1, 0, 600_001, 'soon'] },
  acquireTimeout: { right: 50, wrong: [-1, 0, 600_001, 'soon'] },
  ssl: { right: true, wrong: ['yes', 1] },
  'ssl.ca': { right: 'pem', wrong: ['a\0b'] },
  'ssl.cert': { right: 'pem', wrong: ['a\0b'] },
  'ssl.key': { right: 'pem', wrong: ['a\0b'] },
  'ssl.rejectUnauthorized': { right: false, wrong: ['yes', 1] },
  'ssl.verifyIdentity': { right: true, wrong: ['yes', 1] },
  migrationsRun: { right: true, wrong: ['false', 'true', 1] },
  logging: { right: ['query'], wrong: ['query', ['queries'], 1] },
};

/** What is wrong besides where values have types: texts instead of numbers and flags, numbers that are none. */
const wrongTypes: Values = {
  port: NaN,
  poolSize: '3',
  connectTimeout: Infinity,
  username: 5,
  password: 5,
  host: ['h'],
  database: {},
  ssl: 'true',
};

const has = (name: SettingName, source: SettingSource): boolean =>
  source !== 'file' ? settingsTable[name].names[source] !== null : true;
const sources = ['file', 'url', 'environment', 'program'] as const;

/** The setting, without the settings that it excludes and with those that it needs. */
function around(name: SettingName, value: unknown, source: SettingSource): Values {
  const values: Values = { ...complete, [name]: value };
  if (name === 'hosts' || name === 'socketPath') delete values.host;
  if (name === 'passwordFile') delete values.password;
  const cert = source === 'program' && value === 'pem' ? pem : value;
  if (name === 'ssl.cert')
    return { ...values, 'ssl.cert': cert, 'ssl.key': source === 'program' ? pem : 'pem' };
  if (name === 'ssl.key')
    return { ...values, 'ssl.key': cert, 'ssl.cert': source === 'program' ? pem : 'pem' };
  if (name === 'ssl.ca') return { ...values, 'ssl.ca': cert };
  if (source === 'program' && name === 'passwordFile' && value === 'secret') {
    return { ...values, passwordFile: join(folder, 'secret') };
  }
  return values;
}

/** Guards that every source has the same rules: each accepts the same settings and refuses the same wrong values. */
describe.each(sources)('settings in the %s', (source) => {
  it.each(settingNames.filter((name) => has(name, source)))('accept %s, and report a wrong value', (name) => {
    const { right, wrong } = samples[name];
    readFrom[source](around(name, right, source));
    for (const value of wrong) {
      // A list or null in a file has another form in a text
      if ((source === 'url' || source === 'environment') && typeof value === 'object') continue;
      const error = errorOf(() => readFrom[source](around(name, value, source)));
      expect([value, error.code, (error.details.faults as unknown[]).length]).toEqual([
        value,
        'CONFIG_INVALID',
        1,
      ]);
      expect(visible(error)).not.toContain('hush');
    }
  });

  it('report all faults at once', () => {
    const values: Values = { ...complete, port: 'x', poolSize: 0, database: 'blank ' };
    expect(faultsOf(errorOf(() => readFrom[source](values))).length).toBe(3);
  });

  it.each(['host', 'username', 'database'] as const)('can not be without %s', (name) => {
    const faults = errorOf(() => readFrom[source]({ ...complete, [name]: '' })).details.faults as unknown[];
    expect(faults).toHaveLength(1);
  });
});

describe('settings in a program', () => {
  const known = (given: object): ProtectionFlowsError =>
    errorOf(() => createDataSource({ ...nested(complete, 'program'), ...given } as unknown as KnownSettings));

  it.each(Object.entries(wrongTypes))('refuse %s: %j for its type', (name, value) => {
    const word = spelling(name as SettingName, 'program') ?? '';
    expect(faultsOf(known({ [word]: value }))).toEqual([`${word} invalid`]);
  });

  it.each([
    [{ host: undefined }, ['host missing']],
    [{ host: null }, ['host missing']],
    [{ host: '' }, ['host invalid']],
    [{ database: undefined }, ['database missing']],
    [{ hots: 'x' }, ['hots unknown']],
    [{ sslCa: 'ca.pem' }, ['sslCa unknown']],
    [{ type: 'mysql' }, ['type unknown']],
    [{ extra: { ssl: {} } }, ['extra unknown']],
    [{ url: 'mysql://u:hush@h/d' }, ['url unknown']],
    [{ synchronize: true }, ['synchronize refused']],
    [{ dropSchema: 'false' }, ['dropSchema invalid']],
    [
      { migrationsRun: 'false', port: 'abc', poolSize: -3 },
      ['port invalid', 'poolSize invalid', 'migrationsRun invalid'],
    ],
    [{ socketPath: '/s' }, ['socketPath invalid']],
    [{ hosts: ['a'] }, ['hosts invalid']],
    [{ passwordFile: 'x' }, ['passwordFile invalid']],
    [{ ssl: { ca: 'ca.pem' } }, ['ssl.ca invalid']],
    [{ ssl: 'Amazon RDS' }, ['ssl invalid']],
    [{ ssl: { rejectUnauthorized: false, verifyIdentity: true } }, ['ssl.verifyIdentity invalid']],
    [{ ssl: true, host: '10.0.0.1' }, ['ssl invalid']],
    [{ password: 'a\ud800' }, ['password invalid']],
    [{ env: {} }, ['host unknown', 'username unknown', 'password unknown', 'database unknown']],
  ] as [object, string[]][])('refuse %j', (given, faults) => {
    const error = known(given);
    expect(faultsOf(error)).toEqual(faults);
    expect(visible(error)).not.toContain('hush');
  });

  it.each([
    ['sslCa', 'ssl.ca'],
    ['user', 'username'],
    ['pass', 'password'],
    ['connectTimeout', 'connectTimeoutMs'],
    ['acquireTimeout', 'acquireTimeoutMs'],
    ['type', 'declaredType'],
    ['hots', 'hosts'],
  ])('name for %s the setting that was meant: %s', (name, word) => {
    expect(known({ [name]: 'x' }).message).toContain(`${name} is not known; did you mean ${word}?`);
  });

  it.each([
    [null],
    ['mysql://u:hush@h/d'],
    [[]],
    [{ evn: {} }],
    [{ env: 'x' }],
    [{ configFile: '' }],
    [{ env: {}, cwd: 5 }],
  ])('are not %j', (connection) => {
    const error = errorOf(() => createDataSource(connection as never));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', stage: 'before-connecting' });
    expect(visible(error)).not.toContain('hush');
  });

  it('are validated by forRoot, together with the options of the module', () => {
    const error = errorOf(() =>
      ProtectionFlowsModule.forRoot({
        connection: { ...nested(complete, 'program'), host: undefined, poolSize: -3 } as never,
        retryAttempts: -1,
      }),
    );
    expect(faultsOf(error)).toEqual([
      'connection.host missing',
      'connection.poolSize invalid',
      'retryAttempts invalid',
    ]);
  });

  it('read no file before the connection is opened', () => {
    const known = { ...nested(complete, 'program'), password: undefined, passwordFile: '/no/such' };
    createDataSource(known as unknown as KnownSettings);
    expect(errorOf(() => dataSourceOptions(known as unknown as KnownSettings)).code).toBe(
      'CONFIG_UNREADABLE',
    );
  });

  it('can be the result of loadConnection, whatever it loaded', () => {
    for (const source of sources) {
      for (const name of settingNames.filter((one) => has(one, source))) {
        const { right } = samples[name];
        const value =
          Array.isArray(right) && source !== 'file' && source !== 'program' ? right.join() : right;
        const settings = readFrom[source](around(name, value, source));
        expect(settingsFromProgram(settings)).toEqual(settings);
      }
    }
    const several = readFrom.url({ ...complete, host: 'x' });
    expect(settingsFromProgram({ ...several, ssl: { ca: Buffer.from(pem) } }).ssl?.ca).toBe(pem);
  });
});
