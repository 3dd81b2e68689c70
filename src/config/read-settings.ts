import { isIP } from 'node:net';
import { type SslSettings, settingDefaults, type ConnectionSettings } from './connection-settings';
import { readSecretFile, readText } from './read-file';
import { type Whereabouts, readHosts } from './read-hosts';
import { type GivenSettings, SettingReader } from './setting-reader';
import { settingNames, type SettingName } from './settings-table';
import type { FaultList } from './option-reader';

/**
 * Checks what a source gives, reads the files that it names and fills in the defaults.
 *
 * @param faults - receives every fault, together with those that the source itself found
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function readSettings(given: GivenSettings, faults: FaultList): ConnectionSettings {
  const setting = new SettingReader(given, faults);
  const port = setting.value('port') ?? settingDefaults.port;
  const where = readHosts(setting, port);
  const settings = {
    source: given.source,
    declaredType: setting.value('type') ?? settingDefaults.declaredType,
    ...where,
    username: setting.required('username') ?? '',
    password: readPassword(setting) ?? settingDefaults.password,
    database: setting.required('database') ?? '',
    poolSize: setting.value('poolSize') ?? settingDefaults.poolSize,
    connectTimeoutMs: setting.value('connectTimeout') ?? settingDefaults.connectTimeoutMs,
    acquireTimeoutMs: setting.value('acquireTimeout') ?? settingDefaults.acquireTimeoutMs,
    ssl: readSsl(setting, where),
    migrationsRun: setting.value('migrationsRun') ?? settingDefaults.migrationsRun,
    logging: setting.value('logging') ?? settingDefaults.logging,
  };
  faults.throwIfAny();
  return settings;
}

function readPassword(setting: SettingReader): string | undefined {
  const password = setting.value('password');
  if (!setting.isGiven('passwordFile')) return password;
  if (setting.isGiven('password')) {
    setting.exclusive('passwordFile', 'password');
    return undefined;
  }
  const fromFile = setting.fileOf('passwordFile', readSecretFile)?.replace(/\r?\n$/, '');
  if (fromFile === '') setting.faults.add('invalid', setting.label('passwordFile'), 'names an empty file');
  return fromFile === undefined ? undefined : setting.read.password(setting.label('passwordFile'), fromFile);
}

const inside = settingNames.filter((name) => name.startsWith('ssl.'));

type PemName = 'ssl.ca' | 'ssl.cert' | 'ssl.key';

/** How to encrypt: null for not at all. Any setting inside of `ssl` turns TLS on, `ssl: false` beside it is a fault. */
function readSsl(setting: SettingReader, where: Whereabouts): SslSettings | null {
  const { faults, label } = setting;
  const [ssl, ca, cert, key] = [
    setting.value('ssl'),
    pem(setting, 'ssl.ca'),
    pem(setting, 'ssl.cert'),
    pem(setting, 'ssl.key'),
  ];
  const checks = setting.value('ssl.rejectUnauthorized');
  const names = setting.value('ssl.verifyIdentity');
  const first = inside.find((name) => setting.isGiven(name));
  if (ssl === false && first !== undefined) {
    faults.add('invalid', label('ssl'), `is false, but ${label(first)} is given; leave one out`);
  }
  if (ssl !== true && first === undefined) return null;
  if (setting.isGiven('ssl.cert') !== setting.isGiven('ssl.key')) {
    const [there, missing] = setting.isGiven('ssl.cert') ? ['cert', 'key'] : ['key', 'cert'];
    faults.add('invalid', label('ssl'), `has ${there} without ${missing}; a client certificate needs both`);
  }
  const rejectUnauthorized = checks ?? true;
  if (!rejectUnauthorized && names === true) {
    faults.add(
      'invalid',
      label('ssl.verifyIdentity'),
      `is true, but ${label('ssl.rejectUnauthorized')} is false, and then nothing is verified; leave one out`,
    );
  }
  // A certificate of any public authority proves nothing without the host's name; one of your own authority does
  const verifyIdentity = names ?? (rejectUnauthorized && !setting.isGiven('ssl.ca'));
  if (rejectUnauthorized && verifyIdentity) checkNames(setting, where);
  return { ca: ca ?? null, cert: cert ?? null, key: key ?? null, rejectUnauthorized, verifyIdentity };
}

/** mysql2 compares the certificate with `localhost` where the host is an address. */
function checkNames(setting: SettingReader, { host, hosts, replicas }: Whereabouts): void {
  const servers = [...(host === null ? [] : [host]), ...[...hosts, ...replicas].map((server) => server.host)];
  if (!servers.some((server) => isIP(server) !== 0)) return;
  const by = setting.isGiven('ssl.verifyIdentity') ? 'ssl.verifyIdentity' : 'ssl';
  setting.faults.add(
    'invalid',
    setting.label(by),
    `wants the certificate to name the host, which an IP address cannot be compared with; give the host's name, or an authority of your own without verifyIdentity`,
  );
}

/** The PEM that a setting names a file of, or that it is. */
function pem(setting: SettingReader, name: PemName): string | undefined {
  const text = setting.given.holdsPem
    ? pemText(setting, name)
    : setting.fileOf(name, name === 'ssl.key' ? readSecretFile : readText);
  if (text !== undefined && !text.includes('-----BEGIN ')) {
    const what = setting.given.holdsPem ? 'is not PEM' : 'names a file that is not PEM';
    const hint = setting.given.holdsPem ? '; give what its file holds: readFileSync(file)' : '';
    setting.faults.add('invalid', setting.label(name), `${what}: it has no BEGIN line${hint}`);
  }
  return text;
}

function pemText(setting: SettingReader, name: SettingName): string | undefined {
  const value = setting.values[name];
  return setting.read.text(setting.label(name), Buffer.isBuffer(value) ? value.toString('utf8') : value);
}
