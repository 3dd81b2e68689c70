import { isIPv6 } from 'node:net';
import type { ConnectionSettings } from './connection-settings';
import { FaultList } from './option-reader';
import { readSettings, type GivenSettings } from './read-settings';
import { spelling, wordsOf, type SettingName } from './settings-table';
import { unknownName } from './unknown-names';

const source = 'DATABASE_URL';

const remedy =
  'Write it as mysql://USER:PASSWORD@HOST:PORT/DATABASE, special characters of user, password and database ' +
  'percent-encoded: @ is %40, # is %23, / is %2F, ? is %3F, : is %3A, % is %25.';

/** The parts of the URL that are settings, by the names in the documented form. */
const partNames = {
  HOST: 'its host',
  PORT: 'its port',
  USER: 'its user name',
  PASSWORD: 'its password',
  DATABASE: 'its database',
} as const;

const isPart = (word: string): word is keyof typeof partNames => word in partNames;

/** The parameters that may follow the `?`, each with its setting. */
const parameters = new Map([...wordsOf('url')].filter(([word]) => !isPart(word)));

const label: GivenSettings['label'] = (name) => {
  const word = spelling(name, 'url') ?? name;
  return isPart(word) ? partNames[word] : `its parameter ${word}`;
};

/** The parts of a URL behind its scheme, still encoded. */
interface UrlParts {
  readonly username: string;
  readonly password: string;
  readonly hostAndPort: string;
  readonly database: string;
  readonly query: string;
}

/**
 * Takes the URL apart, unless a character that should have been encoded makes the parts uncertain: then a piece of
 * the password could pass for a host, and be printed.
 */
function splitUrl(url: string, faults: FaultList): UrlParts | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url);
  if (scheme === null)
    return faults.invalid('it', 'is not a URL: it does not begin with mysql:// or mariadb://');
  if (!/^(?:mysql|mariadb)$/i.test(scheme[1] ?? ''))
    return faults.invalid('it', `begins with ${scheme[0]}, but this package supports only MySQL and MariaDB`);
  const rest = url.slice(scheme[0].length);
  const authority = /^[^/?]*/.exec(rest)?.[0] ?? '';
  const behind = rest.slice(authority.length);
  if (rest.includes('#') || behind.includes('@'))
    return faults.invalid(
      'its user name, password or database',
      'holds a raw #, @, / or ?; percent-encode it',
    );
  const at = authority.lastIndexOf('@');
  if (at === -1) {
    faults.add('missing', label('username'), 'is missing: there is no USER:PASSWORD@ before the host');
    return undefined;
  }
  const [username = '', password = ''] = authority.slice(0, at).split(/:(.*)/s);
  const [path = '', query = ''] = behind.split(/\?(.*)/s);
  return { username, password, hostAndPort: authority.slice(at + 1), database: path.slice(1), query };
}

/**
 * Reads the settings from a `mysql://` or `mariadb://` URL. The names of files in it are relative to `cwd`. No message
 * quotes a value of it.
 */
export function settingsFromUrl(url: string, cwd: string): ConnectionSettings {
  const faults = new FaultList(source, remedy);
  const parts = splitUrl(url, faults);
  if (parts === undefined) faults.throwIfAny();
  const values = parts ? { ...decodeParts(parts, faults), ...readParameters(parts.query, faults) } : {};
  return readSettings({ source, values, label, textual: true, baseDirectory: cwd }, faults);
}

type Values = Partial<Record<SettingName, unknown>>;

function decodeParts(parts: UrlParts, faults: FaultList): Values {
  if (isIPv6(parts.hostAndPort)) {
    faults.invalid(label('host'), 'is an IPv6 address without brackets: write [ADDRESS]');
  }
  if (parts.database.includes('/')) {
    faults.invalid(label('database'), 'holds a raw /; percent-encode it, or drop what follows the name');
  }
  // Several hosts each have their port; readHosts takes them apart, as it does for every source
  const [, host = '', port = ''] = parts.hostAndPort.includes(',')
    ? ['', parts.hostAndPort]
    : (/^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(parts.hostAndPort) ?? []);
  const { username, password, database } = parts;
  const values: Values = {};
  for (const [name, encoded] of Object.entries({ host, port, username, password, database })) {
    const option = name as 'host' | 'port' | 'username' | 'password' | 'database';
    if (encoded === '') continue;
    try {
      values[option] = decodeURIComponent(encoded);
    } catch {
      faults.invalid(label(option), 'holds a % that does not begin an encoded character; write %25 for it');
      values[option] = encoded;
    }
  }
  return values;
}

function readParameters(query: string, faults: FaultList): Values {
  const values: Values = {};
  // In a URL of this kind a + is a +, not a blank
  for (const [name, value] of new URLSearchParams(query.replaceAll('+', '%2B'))) {
    const setting = parameters.get(name);
    if (setting === undefined) faults.add('unknown', `its parameter ${name}`, unknownName(name, 'url'));
    else if (values[setting] === undefined) values[setting] = value;
    else faults.invalid(label(setting), 'is given twice; leave one out');
  }
  return values;
}
