import type { ConnectionSettings, HostAddress } from './connection-settings';
import { type FaultList, isAbsent, type OptionReader } from './option-reader';
import type { SettingReader } from './setting-reader';

/** Where to connect to: the part of the settings that the host options give together. */
export type Whereabouts = Pick<ConnectionSettings, 'host' | 'port' | 'hosts' | 'replicas' | 'socketPath'>;

const portBounds = { least: 1, most: 65_535 };

/** `db`, `db:3307`, `10.0.0.1:3307`, `[::1]:3307`, `::1`. */
const hostAndPort = /^(\[[^\]]*\]|[^:[\]]*):(.*)$/s;

/** Reads a list of hosts: in a file a JSON list of texts, elsewhere a text with commas. */
class HostListReader {
  constructor(
    private readonly read: OptionReader,
    private readonly faults: FaultList,
    private readonly defaultPort: number,
  ) {}

  list(option: string, value: unknown, textual: boolean): readonly HostAddress[] {
    if (isAbsent(value)) return [];
    const entries = textual && typeof value === 'string' ? value.split(',') : value;
    if (!Array.isArray(entries) || entries.length === 0) {
      this.faults.add('invalid', option, 'must be a list of hosts, such as ["db1", "db2:3307"]');
      return [];
    }
    const found = entries.flatMap((entry: unknown, index) => this.entry(`${option} no. ${index + 1}`, entry));
    const names = found.map(({ host, port }) => `${host.toLowerCase()}:${port}`);
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      this.faults.add('invalid', `${option} no. ${index + 1}`, 'is a host that the list has already');
    });
    return found;
  }

  private entry(option: string, value: unknown): readonly HostAddress[] {
    if (typeof value === 'object' && value !== null) return this.address(option, value);
    const text = typeof value === 'string' ? value.trim() : value;
    const parts = typeof text === 'string' && !/^[^[]*:[^:]*:/.test(text) ? hostAndPort.exec(text) : null;
    if (text === undefined || text === null) this.faults.add('invalid', option, 'is empty');
    const host = this.read.host(option, parts?.[1] ?? text);
    const port = parts === null ? this.defaultPort : this.port(option, parts[2] ?? '');
    return host === undefined || port === undefined ? [] : [{ host, port }];
  }

  /** As a program may give it, and `loadConnection` answers it. */
  private address(option: string, value: object): readonly HostAddress[] {
    const { host, port, ...others } = value as Partial<HostAddress>;
    for (const name of Object.keys(others)) this.faults.add('unknown', `${option}: ${name}`, 'is not known');
    if (isAbsent(host)) this.faults.add('missing', option, 'has no host');
    const name = this.read.host(option, host);
    const number = isAbsent(port)
      ? this.defaultPort
      : this.read.wholeNumber(`${option}: port`, port, portBounds);
    return name === undefined || number === undefined ? [] : [{ host: name, port: number }];
  }

  private port(option: string, text: string): number | undefined {
    const port = /^\d+$/.test(text) ? Number(text) : 0;
    if (port >= portBounds.least && port <= portBounds.most) return port;
    const { least, most } = portBounds;
    this.faults.add('invalid', option, `has a port that is no whole number from ${least} to ${most}`);
    return undefined;
  }
}

/**
 * Reads where the servers are: one host, several, or a socket; and the replicas. In a text, commas make several hosts of
 * `host`; a file and a program have a list of its own for them, `hosts`.
 *
 * @param setting receives what is wrong: hosts and sockets that exclude each other, too
 * @param port the port of hosts that give none
 */
export function readHosts(setting: SettingReader, port: number): Whereabouts {
  const { values, label, read, faults } = setting;
  const { textual } = setting.given;
  const lists = new HostListReader(read, faults, port);
  const isList = typeof values.host === 'string' && values.host.includes(',');
  if (isList && !textual) faults.add('invalid', label('host'), 'is one host; give several in hosts');
  const several =
    textual && isList
      ? lists.list(label('host'), values.host, true)
      : lists.list(label('hosts'), values.hosts, false);
  const single = isList ? undefined : setting.value('host');
  const socketPath = setting.value('socketPath');
  const replicas = lists.list(label('replicas'), values.replicas, textual);
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
