import { isIP } from 'node:net';
import {
  settingDefaults,
  type ConnectionSettings,
  type HostAddress,
  type SslSettings,
} from './connection-settings';
import { isAbsent, OptionReader, type FaultList } from './option-reader';
import { readText } from './read-file';
import { settingNames, settingsTable, type SettingName } from './settings-table';

/** The settings of one source, unchecked. */
export interface GivenSettings {
  /** Where the settings were found, for messages. */
  readonly source: string;
  readonly values: Readonly<Partial<Record<SettingName, unknown>>>;
  /** The name of a setting in the source, for messages. */
  readonly label: (name: SettingName) => string;
  /** True if every value is a text, as in the environment and in a URL. */
  readonly textual: boolean;
  /** The folder that names of files are relative to. */
  readonly baseDirectory: string;
  /** True if the source holds the certificates themselves, not the names of their files. */
  readonly holdsPem?: boolean;
  /** False to check the settings without reading files. Default: true. */
  readonly readsFiles?: boolean;
}

/** What the rule of a setting returns. */
type ValueOf<Name extends SettingName> = ReturnType<(typeof settingsTable)[Name]['rule']>;

/** Reads the values of one source by their rules, and collects their faults. */
class SettingReader {
  readonly values: GivenSettings['values'];
  readonly label: GivenSettings['label'];
  readonly read: OptionReader;

  constructor(
    readonly given: GivenSettings,
    readonly faults: FaultList,
  ) {
    this.values = given.values;
    this.label = given.label;
    this.read = new OptionReader(faults, given.textual);
  }

  isGiven(name: SettingName): boolean {
    return !isAbsent(this.values[name]);
  }

  /** The value by the setting's rule; undefined if it is not given, or wrong, which adds a fault. */
  value<Name extends SettingName>(name: Name): ValueOf<Name> {
    const { rule } = settingsTable[name] as unknown as { rule: (...given: unknown[]) => never };
    return rule(this.read, this.label(name), this.values[name]);
  }

  /** The same for a setting without a default: adds a fault if it is not given. */
  required<Name extends SettingName>(name: Name): ValueOf<Name> | undefined {
    if (this.isGiven(name)) return this.value(name);
    this.faults.add('missing', this.label(name), 'is missing');
    return undefined;
  }

  /** The text of the file that a setting names. */
  fileOf(name: SettingName, isSecret: boolean): string | undefined {
    const file = this.read.text(this.label(name), this.values[name]);
    if (file === undefined || this.given.readsFiles === false) return undefined;
    const result = readText(file, this.given.baseDirectory, isSecret);
    if ('text' in result) return result.text;
    const sentence = `names ${result.path}, which cannot be read: ${result.reason}`;
    this.faults.add('unreadable', this.label(name), sentence);
    return undefined;
  }

  invalid(name: SettingName, sentence: string): void {
    this.faults.invalid(this.label(name), sentence);
  }

  /** Adds a fault for two settings that exclude each other. */
  exclusive(name: SettingName, other: SettingName): void {
    this.invalid(name, `and ${this.label(other)} are both given; leave one out`);
  }
}

/**
 * Checks the settings of a source, reads the files that they name and fills in the defaults.
 *
 * @param faults - receives every fault, beside those that the source itself found
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function readSettings(given: GivenSettings, faults: FaultList): ConnectionSettings {
  const setting = new SettingReader(given, faults);
  const where = readHosts(setting);
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

/** The settings that say where to connect. */
type Whereabouts = Pick<ConnectionSettings, 'host' | 'port' | 'hosts' | 'replicas' | 'socketPath'>;

/**
 * Reads where the servers are: one host, several hosts or a socket, and the replicas. The environment and a URL give several
 * hosts in `host`, with commas; a file and a program give them in the list `hosts`.
 */
function readHosts(setting: SettingReader): Whereabouts {
  const { values, given } = setting;
  const port = setting.value('port') ?? settingDefaults.port;
  const list = (name: SettingName): readonly HostAddress[] => {
    const value = values[name];
    const entries = given.textual && typeof value === 'string' ? value.split(',') : value;
    return isAbsent(value) ? [] : hostList(setting, name, entries, port);
  };
  const isList = typeof values.host === 'string' && values.host.includes(',');
  if (isList && !given.textual) setting.invalid('host', 'is one host; give several in hosts');
  const several = list(isList && given.textual ? 'host' : 'hosts');
  const single = isList ? undefined : setting.value('host');
  const socketPath = setting.value('socketPath');
  const replicas = list('replicas');
  checkTogether(setting, single);

  const [first] = several;
  return {
    host: socketPath === undefined ? (first?.host ?? single ?? null) : null,
    port: first?.port ?? port,
    hosts: several.length > 1 ? several : [],
    replicas,
    socketPath: socketPath ?? null,
  };
}

/** @param defaultPort the port of hosts without one */
function hostList(
  { label, faults, read }: SettingReader,
  name: SettingName,
  entries: unknown,
  defaultPort: number,
): readonly HostAddress[] {
  if (!Array.isArray(entries) || entries.length === 0) {
    faults.invalid(label(name), 'must be a list of hosts, such as ["db1", "db2:3307"]');
    return [];
  }
  const found = entries.flatMap(
    (entry: unknown, index) => read.hostAndPort(`${label(name)} no. ${index + 1}`, entry, defaultPort) ?? [],
  );
  const names = found.map(({ host, port }) => `${host.toLowerCase()}:${port}`);
  names.forEach((one, index) => {
    if (names.indexOf(one) === index) return;
    faults.invalid(`${label(name)} no. ${index + 1}`, 'is already in the list');
  });
  return found;
}

function checkTogether(setting: SettingReader, single: string | undefined): void {
  const { values, label, faults } = setting;
  const [host, hosts] = [setting.isGiven('host'), setting.isGiven('hosts')];
  if (!host && !hosts && !setting.isGiven('socketPath')) {
    faults.add('missing', label('host'), `or ${label('socketPath')} is missing: there is no default host`);
  }
  if (host && hosts) setting.exclusive('hosts', 'host');
  if (!setting.isGiven('socketPath')) return;
  if (hosts) setting.exclusive('socketPath', 'hosts');
  else if (host && (String(values.host).includes(',') || (single !== undefined && single !== 'localhost'))) {
    setting.exclusive('socketPath', 'host');
  }
  if (setting.isGiven('replicas')) setting.exclusive('replicas', 'socketPath');
}

function readPassword(setting: SettingReader): string | undefined {
  const password = setting.value('password');
  if (!setting.isGiven('passwordFile')) return password;
  if (setting.isGiven('password')) {
    setting.exclusive('passwordFile', 'password');
    return undefined;
  }
  const fromFile = setting.fileOf('passwordFile', true)?.replace(/\r?\n$/, '');
  if (fromFile === '') setting.invalid('passwordFile', 'names an empty file');
  return setting.read.password(setting.label('passwordFile'), fromFile);
}

const inside = settingNames.filter((name) => name.startsWith('ssl.'));

/** Reads how to encrypt; null for not at all. Any setting inside of `ssl` turns TLS on; `ssl: false` beside it is a fault. */
function readSsl(setting: SettingReader, where: Whereabouts): SslSettings | null {
  const { label } = setting;
  const ssl = setting.value('ssl');
  const [ca = null, cert = null, key = null] = (['ssl.ca', 'ssl.cert', 'ssl.key'] as const).map((name) =>
    pem(setting, name),
  );
  const rejectUnauthorized = setting.value('ssl.rejectUnauthorized') ?? true;
  const names = setting.value('ssl.verifyIdentity');
  const first = inside.find((name) => setting.isGiven(name));
  if (ssl === false && first !== undefined) {
    setting.invalid('ssl', `is false, but ${label(first)} is given; leave one out`);
  }
  if (ssl !== true && first === undefined) return null;
  if (setting.isGiven('ssl.cert') !== setting.isGiven('ssl.key')) {
    const [there, missing] = setting.isGiven('ssl.cert') ? ['cert', 'key'] : ['key', 'cert'];
    setting.invalid('ssl', `has ${there} without ${missing}; a client certificate needs both`);
  }
  if (!rejectUnauthorized && names === true) {
    const other = label('ssl.rejectUnauthorized');
    const sentence = `is true, but with ${other} false nothing is verified; leave one out`;
    setting.invalid('ssl.verifyIdentity', sentence);
  }
  // Public authorities certify anyone: without the host's name that proves nothing. A certificate of your own authority does
  const verifyIdentity = names ?? (rejectUnauthorized && !setting.isGiven('ssl.ca'));
  if (rejectUnauthorized && verifyIdentity) checkNames(setting, where);
  return { ca, cert, key, rejectUnauthorized, verifyIdentity };
}

/** Adds a fault for a host that is an IP address: mysql2 would compare the certificate with `localhost`. */
function checkNames(setting: SettingReader, { host, hosts, replicas }: Whereabouts): void {
  const servers = [host ?? '', ...[...hosts, ...replicas].map((server) => server.host)];
  if (!servers.some((server) => isIP(server) !== 0)) return;
  setting.invalid(
    setting.isGiven('ssl.verifyIdentity') ? 'ssl.verifyIdentity' : 'ssl',
    `needs a certificate that names the host, which cannot be compared with an IP address; give the host's name, or your own ca without verifyIdentity`,
  );
}

/** The PEM of a setting: its value, or the text of the file that it names. */
function pem(setting: SettingReader, name: SettingName): string | undefined {
  const { holdsPem } = setting.given;
  const text = holdsPem ? pemText(setting, name) : setting.fileOf(name, name === 'ssl.key');
  if (text !== undefined && !text.includes('-----BEGIN ')) {
    const what = holdsPem ? 'is not PEM' : 'names a file that is not PEM';
    const hint = holdsPem ? '; give what its file holds: readFileSync(file)' : '';
    setting.invalid(name, `${what}: it has no BEGIN line${hint}`);
  }
  return text;
}

function pemText(setting: SettingReader, name: SettingName): string | undefined {
  const value = setting.values[name];
  return setting.read.text(setting.label(name), Buffer.isBuffer(value) ? value.toString('utf8') : value);
}
