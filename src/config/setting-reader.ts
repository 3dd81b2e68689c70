import type { FileText } from './read-file';
import { type FaultList, isAbsent, OptionReader } from './option-reader';
import { type SettingName, settingsTable } from './settings-table';

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
