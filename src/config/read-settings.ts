import { settingDefaults, type ConnectionSettings } from './connection-settings';
import type { FaultList } from './faults';
import { isAbsent, OptionReader } from './option-values';
import { readSecretFile, type FileText } from './read-file';
import { readHosts } from './read-hosts';
import { readSsl } from './read-ssl';
import { settingsTable, type SettingName } from './settings-table';

/** What one source gives, unchecked. */
export interface GivenSettings {
  /** Where the settings were found, for messages. */
  readonly source: string;
  readonly values: Readonly<Partial<Record<SettingName, unknown>>>;
  /** What the source calls a setting, for messages. */
  readonly label: (name: SettingName) => string;
  /** True where every value is a text, as in the environment and in a URL. */
  readonly textual: boolean;
  /** What the names of files are relative to. */
  readonly baseDirectory: string;
  /** Whether the certificates stand there themselves, and not the names of their files. */
  readonly holdsPem?: boolean;
  /** False to judge what is given without looking at files. Default: true. */
  readonly readsFiles?: boolean;
}

/** The values of one source, each with its rule and its faults. */
export class SettingReader {
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

  /** The value by the setting's rule; undefined where it is absent, or wrong, and that is told. */
  value<Name extends SettingName>(name: Name): ReturnType<(typeof settingsTable)[Name]['rule']> {
    const { rule } = settingsTable[name] as unknown as { rule: (...given: unknown[]) => never };
    return rule(this.read, this.label(name), this.values[name]);
  }

  /** The same for one that has no default. */
  required<Name extends SettingName>(
    name: Name,
  ): ReturnType<(typeof settingsTable)[Name]['rule']> | undefined {
    if (this.isGiven(name)) return this.value(name);
    this.faults.add('missing', this.label(name), 'is missing');
    return undefined;
  }

  /** The text of the file that a setting names. */
  fileOf(name: SettingName, read: (file: string, folder: string) => FileText): string | undefined {
    const file = this.read.text(this.label(name), this.values[name]);
    if (file === undefined || this.given.readsFiles === false) return undefined;
    const result = read(file, this.given.baseDirectory);
    if ('text' in result) return result.text;
    this.faults.add(
      'unreadable',
      this.label(name),
      `names ${result.path}, which cannot be read: ${result.reason}`,
    );
    return undefined;
  }

  /** Tells that two settings exclude each other. */
  exclusive(name: SettingName, other: SettingName): void {
    this.faults.add('invalid', this.label(name), `and ${this.label(other)} are both given; leave one out`);
  }
}

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
