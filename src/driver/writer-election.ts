import type * as Mysql2 from 'mysql2';
import { fromServerError, ProtectionFlowsError, type ErrorDetails } from '../errors';
import type { HostAddress } from '../config/connection-settings';

const readOnlyVariables =
  'super_read_only read_only innodb_read_only transaction_read_only tx_read_only'.split(' ');

/**
 * The statements that ask a server whether it takes writes. Every server understands both, whatever variables it has, and a
 * Galera node answers them while it refuses all others.
 *
 * @see https://galeracluster.com/documentation/html_docs_26.4.22/documentation/galera-status-variables.html
 */
const questions = [
  `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('${[...readOnlyVariables, 'wsrep_on'].join("', '")}')`,
  "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment')",
];

const off = new Set(['OFF', '0', '']);

/**
 * Why a server with these variables takes no writes, or null if it does. `read_only` marks a replica, so it counts also for
 * accounts that may write in spite of it.
 */
export function unfitReason(variables: ReadonlyMap<string, string>): string | null {
  const isOn = (name: string): boolean => !off.has(variables.get(name) ?? '');
  const readOnly = readOnlyVariables.find(isOn);
  if (readOnly !== undefined) return `it is read-only: ${readOnly} is on`;
  if (isOn('wsrep_on') && !isOn('wsrep_ready')) {
    const status = variables.get('wsrep_cluster_status') ?? 'unknown';
    const state = variables.get('wsrep_local_state_comment') ?? 'unknown';
    return `Galera is not ready: its part of the cluster is ${status}, its state ${state}`;
  }
  return null;
}

function ask(connection: Mysql2.Connection, question: string): Promise<readonly [string, string][]> {
  return new Promise((resolve, reject) => {
    connection.query(question, (error, rows) => {
      if (error) reject(error);
      else {
        const found = rows as unknown as { Variable_name: string; Value: string }[];
        resolve(found.map((row) => [row.Variable_name.toLowerCase(), String(row.Value).toUpperCase()]));
      }
    });
  });
}

/**
 * Asks a server whether it takes writes, then closes the connection.
 *
 * @param connection a new connection, used for nothing else
 * @param limitMs the time limit of all of it, in milliseconds
 * @returns null if it takes writes, otherwise the reason why not
 * @throws the driver's error if the server does not answer
 */
export async function askNode(connection: Mysql2.Connection, limitMs: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject);
    const late = Object.assign(new Error(`no answer within ${limitMs} ms`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(late), limitMs);
  });
  try {
    const answers = Promise.all(questions.map((question) => ask(connection, question)));
    return unfitReason(new Map((await Promise.race([answers, failed])).flat()));
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}

/** The time during which a host, given by its place in the list, is the writer. A host that is chosen again begins a new term. */
export interface Term {
  readonly index: number;
}

/** Why a host takes no writes, as in the error's details. */
type HostFault = ErrorDetails['NO_WRITABLE_HOST']['hosts'][number];

/** `db1:3306`, `[::1]:3306`. */
export function hostName({ host, port }: HostAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function noWritableHost(hosts: readonly HostFault[], cause: unknown): ProtectionFlowsError {
  const sentences = hosts.map(({ host, reason }) => `${host}: ${reason}`);
  return new ProtectionFlowsError('NO_WRITABLE_HOST', {
    message: `none of the ${hosts.length} hosts takes writes: ${sentences.join('; ')}`,
    remedy: 'Bring one of the hosts back, or correct the list of hosts.',
    details: { hosts },
    cause,
  });
}

/**
 * Chooses the host that this process writes to: the first that answers and takes writes, until it fails; then the next one.
 * It does not return to a host that has recovered: each change breaks the transactions under way.
 */
export class WriterElection {
  private term: Term | null = null;
  private last: Term | null = null;
  private whyRejected = '';
  private running: Promise<Term> | null = null;

  /**
   * @param hosts in order of preference; at least one
   * @param ask returns null if a host takes writes, otherwise the reason why not; throws if it does not answer
   */
  constructor(
    readonly hosts: readonly HostAddress[],
    private readonly ask: (host: HostAddress) => Promise<string | null>,
  ) {}

  /** The host that was chosen last; before the first election, the first in the list. */
  get host(): HostAddress {
    return this.hosts[this.last?.index ?? 0] as HostAddress;
  }

  /**
   * The current term. Without one it holds an election, whose outcome all callers meanwhile share.
   *
   * @throws ProtectionFlowsError NO_WRITABLE_HOST
   */
  current(): Promise<Term> {
    if (this.term !== null) return Promise.resolve(this.term);
    this.running ??= this.elect().finally(() => (this.running = null));
    return this.running;
  }

  isCurrent(term: Term): boolean {
    return this.term === term;
  }

  /** Ends a term, if it is still the current one. */
  reject(term: Term, reason: string): void {
    if (this.term !== term) return;
    this.term = null;
    this.whyRejected = reason;
  }

  private async elect(): Promise<Term> {
    const { hosts, last } = this;
    const first = last === null ? 0 : last.index + 1;
    const faults: HostFault[] = [];
    let cause: unknown;
    for (let step = 0; step < hosts.length; step += 1) {
      const index = (first + step) % hosts.length;
      const host = hosts[index] as HostAddress;
      try {
        const reason = await this.ask(host);
        if (reason === null) return this.begin(index, faults);
        faults.push({ host: hostName(host), code: null, reason });
      } catch (error) {
        cause ??= error;
        const known = fromServerError(error);
        const reason = known?.message ?? (error as Error).message;
        faults.push({ host: hostName(host), code: known?.code ?? null, reason });
      }
    }
    throw noWritableHost(faults, cause);
  }

  private begin(index: number, faults: readonly HostFault[]): Term {
    const before = this.host;
    const term = { index };
    this.term = term;
    this.last = term;
    if (this.host !== before) {
      const why =
        faults.find(({ host }) => host === hostName(before))?.reason ??
        (this.whyRejected || 'it takes no writes');
      process.emitWarning(
        `${hostName(this.host)} is written to from now on, in place of ${hostName(before)}: ${why}`,
        { type: 'ProtectionFlowsWarning', code: 'WRITER_CHANGED' },
      );
    }
    return term;
  }
}
