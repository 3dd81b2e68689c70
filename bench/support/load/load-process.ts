import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { uuidv7 } from 'uuidv7';
import { clock } from '../clock';
import type { LoadCommand, LoadMessage, Role, Sample } from './load-messages';
import { executionId, flowCount, flowId } from '../rows';

/** One writer or reader: single-row statements one after the other, each a transaction. */
const thinkMs = 2;
/** After this many statements the load is steady. */
const settledAfter = 200;
/** Longer than any ALTER: a writer waits for a row until it gets it, as for a table. */
const patienceSeconds = 3600;

const [role = 'writer', rows = '0'] = process.argv.slice(2) as [Role, string];

const random = (below: number): number => Math.floor(Math.random() * below);

type Statement = readonly [what: string, sql: string, parameters: () => (string | number)[]];

const statements: Readonly<Record<Role, readonly Statement[]>> = {
  writer: [
    [
      'update execution',
      'UPDATE protection_flow_executions SET jobs_completed = jobs_completed + 1, bytes_transferred = bytes_transferred + 4096 WHERE id = ?',
      () => [executionId(random(Number(rows)))],
    ],
    [
      'insert execution',
      "INSERT INTO protection_flow_executions (id, flow_id, execution_type, status, started_at) VALUES (?, ?, 'api', 'running', CURRENT_TIMESTAMP)",
      () => [uuidv7(), flowId(random(flowCount))],
    ],
    [
      'update flow',
      'UPDATE protection_flows SET total_executions = total_executions + 1, successful_executions = successful_executions + 1 WHERE id = ?',
      () => [flowId(random(flowCount))],
    ],
  ],
  reader: [
    [
      'select executions',
      'SELECT id, status, started_at, created_at FROM protection_flow_executions WHERE flow_id = ? ORDER BY created_at DESC LIMIT 20',
      () => [flowId(random(flowCount))],
    ],
  ],
};

const tell = (message: LoadMessage): void => void process.send?.(message);

async function main(): Promise<void> {
  const connection = await createConnection(process.env.DATABASE_URL ?? '');
  await connection.query(`SET SESSION innodb_lock_wait_timeout = ${patienceSeconds}`);
  let running = false;

  async function run(): Promise<void> {
    const samples: Sample[] = [];
    const errors: string[] = [];
    running = true;
    for (let done = 0; running; done += 1) {
      const [what, sql, parameters] = statements[role][done % statements[role].length]!;
      const from = clock();
      try {
        await connection.query(sql, parameters());
      } catch (error) {
        const { errno, message } = error as { errno?: number; message: string };
        errors.push(`${what}: ${errno ?? ''} ${message}`);
        if (errno === undefined) throw error;
      }
      samples.push({ from, to: clock(), what });
      if (done === settledAfter) tell({ is: 'settled' });
      await delay(thinkMs);
    }
    tell({ is: 'done', samples, errors });
  }

  process.on('message', (command: LoadCommand) => {
    if (command === 'stop') running = false;
    else void run();
  });
  tell({ is: 'ready' });
}

process.on('disconnect', () => process.exit());
void main();
