import type { ConnectionSettings, HostAddress, SslSettings } from './connection-settings';
import { FaultList } from './option-reader';
import { labelIn, nestedValues } from './nested-values';
import { readSettings } from './read-settings';

/** Each of them may be left out; undefined and null are "not given". */
type Optional<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | null | undefined };

/** How to encrypt, as a program says it: what the files hold, not their names. */
export type KnownSsl = Optional<
  Omit<SslSettings, 'ca' | 'cert' | 'key'> & Record<'ca' | 'cert' | 'key', string | Buffer>
>;

/**
 * Settings that a program knows: the user, the database, and a host, several hosts or a socket; what `loadConnection`
 * answers is of this kind. The others have the defaults of docs/configuration.md.
 */
export interface KnownSettings extends Optional<
  Omit<ConnectionSettings, 'username' | 'database' | 'hosts' | 'replicas' | 'ssl'>
> {
  readonly username: string;
  readonly database: string;
  /** A file that holds the password, instead of `password`; relative to the process's folder. */
  readonly passwordFile?: string | null | undefined;
  /** The nodes of a cluster, instead of `host`: `'db1'`, `'db2:3307'` or `{ host, port }`. */
  readonly hosts?: readonly (string | HostAddress)[] | null | undefined;
  readonly replicas?: readonly (string | HostAddress)[] | null | undefined;
  /** True: the certificate must come from a public authority and name the host. */
  readonly ssl?: boolean | KnownSsl | null | undefined;
}

/** An empty list of hosts says what no list does. */
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** `loadConnection` answers several hosts together with the first of them. */
function withoutFirstHost(given: Record<string, unknown>): Record<string, unknown> {
  const [first] = (Array.isArray(given.hosts) ? given.hosts : []) as (Partial<HostAddress> | null)[];
  const isFirst = given.host !== undefined && first?.host === given.host && first?.port === given.port;
  return isFirst ? { ...given, host: undefined } : given;
}

/**
 * Judges settings that a program gives by the same rules as those of a file, and fills in the defaults.
 *
 * @param readsFiles whether `passwordFile` is read; false judges the rest without it
 * @throws ProtectionFlowsError CONFIG_INVALID, CONFIG_UNREADABLE or OPTION_REFUSED, naming all faults at once
 */
export function settingsFromProgram(known: KnownSettings, readsFiles = true): ConnectionSettings {
  const { source = null, ...given } = known as unknown as Readonly<Record<string, unknown>>;
  const name = typeof source === 'string' && source !== '' ? source : 'the program';
  const faults = new FaultList(
    name,
    'Correct the settings; docs/configuration.md lists them. To take them from the environment, give { env }.',
  );
  if (source !== null && typeof source !== 'string')
    faults.add('invalid', 'source', 'must be a text in quotes');
  const filled = Object.entries(given).filter(([, value]) => !isEmptyList(value));
  const values = nestedValues(withoutFirstHost(Object.fromEntries(filled)), 'program', faults);
  const origin = { source: name, values, textual: false, holdsPem: true };
  return readSettings(
    { ...origin, baseDirectory: process.cwd(), label: labelIn('program'), readsFiles },
    faults,
  );
}
