import type * as Mysql2 from 'mysql2';

/**
 * What a server says of itself. Both statements are understood by every server, whatever variables it has, and a Galera
 * node answers them while it refuses all others.
 *
 * @see https://galeracluster.com/documentation/html_docs_26.4.22/documentation/galera-status-variables.html
 */
const questions = [
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only', 'transaction_read_only', 'tx_read_only', 'wsrep_on')",
  "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment')",
];

const readOnlyVariables = [
  'super_read_only',
  'read_only',
  'innodb_read_only',
  'transaction_read_only',
  'tx_read_only',
];

const off = new Set(['OFF', '0', '']);

/**
 * Why a server with these variables is not to be written to, or null where it is. `read_only` counts for accounts that
 * may write in spite of it, too: it marks a replica.
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

function timeOut(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${limitMs} ms`), { code: 'ETIMEDOUT' });
}

/**
 * Asks a server over a connection of its own whether it may be written to, and closes the connection.
 *
 * @param limitMs how long it may take altogether, in milliseconds
 * @returns null where it may, otherwise the reason
 * @throws the driver's error where it does not answer
 */
export async function askNode(connection: Mysql2.Connection, limitMs: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject);
    timer = setTimeout(() => reject(timeOut(limitMs)), limitMs);
  });
  try {
    const answers = Promise.all(questions.map((question) => ask(connection, question)));
    return unfitReason(new Map((await Promise.race([answers, failed])).flat()));
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}
