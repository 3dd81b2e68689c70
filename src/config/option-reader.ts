import { ProtectionFlowsError } from '../errors';
import { isIPv6 } from 'node:net';
import { isWellFormed } from '../arguments';
import {
  logTopics,
  type DeclaredType,
  type HostAddress,
  type Logging,
  type LogTopic,
} from './connection-settings';

/**
 * `invalid`: a wrong value; `missing`: no value where one is needed; `unknown`: an unknown name; `unreadable`: the value
 * names a file that cannot be read; `refused`: a known option that is too dangerous.
 */
export type FaultKind = 'invalid' | 'missing' | 'unknown' | 'unreadable' | 'refused';

/** One fault of a configuration. The message never quotes a value that could hold a password. */
export interface ConfigFault {
  /** The name of the option in its source: `port`, `DB_PORT`, `ssl.ca`. */
  readonly option: string;
  readonly kind: FaultKind;
  /** The fault, as the end of a sentence that the option's name begins: `must be …`. */
  readonly message: string;
}

/** Collects the faults of one source, to report all at once. */
export class FaultList {
  private readonly faults: ConfigFault[] = [];

  /** @param source - names the source in the message: `DATABASE_URL`, a file's path */
  constructor(
    private readonly source: string,
    private readonly remedy: string,
  ) {}

  add(kind: FaultKind, option: string, message: string): void {
    this.faults.push({ option, kind, message });
  }

  /** Adds a fault of the kind `invalid`. Returns what a reader returns for a fault. */
  invalid(option: string, message: string): undefined {
    this.add('invalid', option, message);
    return undefined;
  }

  /**
   * Throws all faults as one error, if there are any: OPTION_REFUSED if one of them is a refusal, CONFIG_UNREADABLE if all
   * are unreadable files, CONFIG_INVALID otherwise.
   */
  throwIfAny(): void {
    if (this.faults.length === 0) return;
    const sentences = this.faults.map((fault) => `${fault.option} ${fault.message}`);
    throw new ProtectionFlowsError(this.code(), {
      message: `${this.source}: ${sentences.join('; ')}`,
      remedy: this.remedy,
      details: { source: this.source, faults: this.faults },
    });
  }

  private code(): 'OPTION_REFUSED' | 'CONFIG_UNREADABLE' | 'CONFIG_INVALID' {
    if (this.faults.some((fault) => fault.kind === 'refused')) return 'OPTION_REFUSED';
    return this.faults.every((fault) => fault.kind === 'unreadable') ? 'CONFIG_UNREADABLE' : 'CONFIG_INVALID';
  }
}

/** True for undefined and null: "not given". */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

const portBounds = { least: 1, most: 65_535 };

/** `db:3307`, `10.0.0.1:3307`, `[::1]:3307`. */
const hostWithPort = /^(\[[^\]]*\]|[^:[\]]*):(.*)$/s;

const broken = 'is not valid Unicode text';

/** Reads single options. Returns the checked value; undefined for one that is not given, or wrong, which adds a fault. */
export class OptionReader {
  constructor(
    private readonly faults: FaultList,
    /** True if every value of the source is a text, as in the environment and in a URL. */
    private readonly textual: boolean,
  ) {}

  /** A text that is not empty. */
  text(option: string, value: unknown, longest?: number): string | undefined {
    if (isAbsent(value)) return undefined;
    if (typeof value !== 'string') return this.faults.invalid(option, 'must be a text in quotes');
    if (value === '') return this.faults.invalid(option, 'is empty');
    if (value.includes('\0')) return this.faults.invalid(option, 'holds a NUL character');
    if (this.isBroken(value)) return this.faults.invalid(option, broken);
    if (longest !== undefined && value.length > longest) {
      return this.faults.invalid(option, `is longer than ${longest} characters`);
    }
    return value;
  }

  /** A password: any text, also an empty one. */
  password(option: string, value: unknown): string | undefined {
    if (isAbsent(value)) return undefined;
    if (typeof value !== 'string') return this.faults.invalid(option, 'must be a text in quotes');
    return this.isBroken(value) ? this.faults.invalid(option, broken) : value;
  }

  /** A database's name, of at most 64 characters. */
  database(option: string, value: unknown): string | undefined {
    const text = this.text(option, value);
    if (text === undefined) return undefined;
    if ([...text].length > 64) return this.faults.invalid(option, 'is longer than 64 characters');
    return text.endsWith(' ')
      ? this.faults.invalid(option, 'ends with a blank, as no name of a database may')
      : text;
  }

  /** A host name or an address without a port. Removes the brackets around an IPv6 address. */
  host(option: string, value: unknown): string | undefined {
    const text = this.text(option, value, 255);
    if (text === undefined) return undefined;
    const host = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
    if (isIPv6(host.replace(/%.*$/, ''))) return host;
    if (host.startsWith('/'))
      return this.faults.invalid(option, 'must be a host; a path belongs in the socket option');
    if (/^[^:]*:\d+$/.test(host))
      return this.faults.invalid(option, 'must not hold a port; give it in the port option');
    if (/[\s/@:?#[\]]/.test(host)) return this.faults.invalid(option, 'is not a host name or an address');
    return host;
  }

  /** One of a list of hosts: a text with or without a port, or an object, as a program and `loadConnection` give it. */
  hostAndPort(option: string, value: unknown, defaultPort: number): HostAddress | undefined {
    if (typeof value === 'object' && value !== null) return this.address(option, value, defaultPort);
    const text = typeof value === 'string' ? value.trim() : value;
    const parts = typeof text === 'string' && !/^[^[]*:[^:]*:/.test(text) ? hostWithPort.exec(text) : null;
    if (isAbsent(text)) this.faults.invalid(option, 'is empty');
    const host = this.host(option, parts?.[1] ?? text);
    const port = parts === null ? defaultPort : this.portIn(option, parts[2] ?? '');
    return host === undefined || port === undefined ? undefined : { host, port };
  }

  private address(option: string, value: object, defaultPort: number): HostAddress | undefined {
    const { host, port, ...others } = value as Partial<HostAddress>;
    for (const name of Object.keys(others)) this.faults.add('unknown', `${option}: ${name}`, 'is not known');
    if (isAbsent(host)) this.faults.add('missing', option, 'has no host');
    const name = this.host(option, host);
    const number = isAbsent(port) ? defaultPort : this.wholeNumber(`${option}: port`, port, portBounds);
    return name === undefined || number === undefined ? undefined : { host: name, port: number };
  }

  private portIn(option: string, text: string): number | undefined {
    const { least, most } = portBounds;
    const port = /^\d+$/.test(text) ? Number(text) : 0;
    if (port >= least && port <= most) return port;
    return this.faults.invalid(option, `has a port that is not a whole number from ${least} to ${most}`);
  }

  /** A whole number within bounds. */
  wholeNumber(option: string, value: unknown, { least, most }: typeof portBounds): number | undefined {
    if (isAbsent(value)) return undefined;
    const wanted = `must be a whole number from ${least} to ${most}`;
    if (!this.textual && typeof value === 'string')
      return this.faults.invalid(option, `${wanted}, without quotes`);
    const isNumber = this.textual
      ? typeof value === 'string' && /^\d+$/.test(value)
      : typeof value === 'number';
    const number = isNumber ? Number(value) : NaN;
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    return this.faults.invalid(option, wanted);
  }

  flag(option: string, value: unknown): boolean | undefined {
    if (isAbsent(value)) return undefined;
    if (this.textual && (value === 'true' || value === 'false')) return value === 'true';
    return typeof value === 'boolean' ? value : this.faults.invalid(option, 'must be true or false');
  }

  type(option: string, value: unknown): DeclaredType | undefined {
    const type = this.text(option, value)?.toLowerCase();
    if (type === undefined || type === 'mysql' || type === 'mariadb') return type;
    return this.faults.invalid(option, 'must be mysql or mariadb: this package supports no other server');
  }

  logging(option: string, value: unknown): Logging | undefined {
    if (isAbsent(value) || typeof value === 'boolean') return value ?? undefined;
    if (value === 'all') return value;
    if (Array.isArray(value) && value.every((topic) => (logTopics as readonly unknown[]).includes(topic))) {
      return value as LogTopic[];
    }
    return this.faults.invalid(option, `must be true, false, "all" or a list of: ${logTopics.join(', ')}`);
  }

  /** True for a text that would reach the server as another one. In decoded bytes, U+FFFD marks a broken character. */
  private isBroken(value: string): boolean {
    return !isWellFormed(value) || (this.textual && value.includes('\ufffd'));
  }
}
