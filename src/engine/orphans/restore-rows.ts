import { readCatalog } from '../schema/catalog/read-catalog';
import { quoteName, select, type Queryable } from '../server/queryable';
import type { Server } from '../server/server';
import type { Schema } from '../schema/shape';
import { quarantineTable } from './quarantine-table';
import {
  restoreRow,
  type Left,
  type LeftReason,
  type QuarantinedRow,
  type RestoreTarget,
} from './restore-row';
import { labelOf, readRowTable } from './row-table';
import { inRowTransaction } from '../server/row-transaction';

const defaultBatchRows = 500;
/** How much of the quarantine is in this process's memory at once. */
const maxBatchBytes = 8 * 1024 * 1024;

/** Rows that stay in quarantine for one reason. */
export interface LeftRows {
  /** `database.table` where that is another database. */
  readonly table: string;
  /** The foreign key whose orphans they are, or hang on. */
  readonly key: string;
  readonly reason: LeftReason;
  readonly rows: number;
  /** What the server said to the first of them; null where it was not asked. */
  readonly answer: string | null;
  /** The keys of some of them, at most ten. */
  readonly sample: readonly string[];
}

/** What a restore needs to know. */
export interface RestoreContext {
  readonly session: Queryable;
  readonly server: Server;
  /** The declared tables, for their keys. */
  readonly declared: Schema;
  /** Only rows of that foreign key. */
  readonly key?: string;
  readonly batchRows?: number;
  readonly tableWaitMs?: number;
  /** Asked before each batch. Throws INTERRUPTED. */
  goOn?(): Promise<void> | void;
  onProgress?(text: string): void;
}

interface HeaderRow extends QuarantinedRow {
  readonly bytes: number | string;
}

/** What became of a row; null where it is back. */
interface Outcome {
  readonly row: QuarantinedRow;
  readonly left: Left | null;
}

const tableMissing: Left = { reason: 'table-missing', answer: null };

const from = quoteName(quarantineTable);
const sampleSize = 10;

/** One pass over the quarantine, the newest row first: what hangs on another row was set aside before it. */
class RestorePass {
  readonly restored: Record<string, number> = {};
  readonly left = new Map<string, LeftRows & { sample: string[] }>();
  private done = 0;

  constructor(
    private readonly context: RestoreContext,
    private readonly targets: Map<string, RestoreTarget | null>,
    private readonly total: number,
  ) {}

  async run(): Promise<void> {
    const { session, onProgress } = this.context;
    const limits = await select<{ bytes: number | string }>(session, 'SELECT @@max_allowed_packet AS bytes');
    let before: string | null = null;
    for (;;) {
      const batch: HeaderRow[] = await this.nextBatch(before);
      const last = batch.at(-1);
      if (last === undefined) return;
      for (const row of batch) await this.findTarget(row, Number(limits[0]?.bytes ?? 0));
      await this.restoreBatch(batch);
      before = last.id;
      this.done += batch.length;
      onProgress?.(`restore quarantined rows: ${Math.min(this.done, this.total)} of ${this.total}`);
    }
  }

  /** The next rows, without their values: as many as fit. */
  private async nextBatch(before: string | null): Promise<HeaderRow[]> {
    const { session, key, batchRows = defaultBatchRows } = this.context;
    const conditions = [
      ...(key === undefined ? [] : ['foreign_key = ?']),
      ...(before === null ? [] : ['id < ?']),
    ];
    const rows = await select<HeaderRow>(
      session,
      `SELECT CAST(id AS CHAR) AS id, foreign_key AS foreignKey, table_name AS \`table\`,
              database_name AS \`database\`, row_key AS rowKey, OCTET_LENGTH(\`columns\`) AS bytes
         FROM ${from} ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
        ORDER BY ${from}.id DESC LIMIT ${batchRows}`,
      [key, before].filter((value) => value !== undefined && value !== null),
    );
    let bytes = 0;
    const fitting = rows.findIndex((row) => (bytes += Number(row.bytes)) > maxBatchBytes);
    return fitting === -1 ? rows : rows.slice(0, Math.max(1, fitting));
  }

  private async findTarget(row: QuarantinedRow, maxStatementBytes: number): Promise<void> {
    const label = labelOf({ database: row.database, name: row.table });
    if (this.targets.has(label)) return;
    const { session, server, declared } = this.context;
    const at = { database: row.database, name: row.table };
    const table = await readRowTable(session, server.flavour, at);
    const keys = row.database === null ? (declared.get(row.table)?.foreignKeys ?? []) : [];
    const parents = keys.map(({ parentTable }) => parentTable);
    const live = await readCatalog(session, server, parents);
    const checked = keys.filter(({ parentTable }) => live.has(parentTable));
    this.targets.set(label, table && { table, keys: checked, maxStatementBytes });
  }

  /** Each row's insert, and its delete from the quarantine, in one transaction. */
  private async restoreBatch(batch: readonly QuarantinedRow[]): Promise<void> {
    const { session, goOn, tableWaitMs: patienceMs } = this.context;
    const options = { what: 'restore quarantined rows', goOn, patienceMs };
    const outcome = await inRowTransaction(session, options, () => this.restoreLocked(batch));
    for (const { row, left } of outcome) {
      const table = labelOf({ database: row.database, name: row.table });
      if (left === null) this.restored[table] = (this.restored[table] ?? 0) + 1;
      else this.leave(table, row, left);
    }
  }

  private async restoreLocked(batch: readonly QuarantinedRow[]): Promise<Outcome[]> {
    const { session } = this.context;
    const rows = await select<{ id: string; columns: string }>(
      session,
      `SELECT CAST(id AS CHAR) AS id, CAST(\`columns\` AS CHAR) AS \`columns\` FROM ${from}
        WHERE id IN (${batch.map(({ id }) => id).join(', ')}) FOR UPDATE`,
    );
    const columnsOf = new Map(rows.map((row) => [row.id, row.columns]));
    await session.query('SAVEPOINT rows_restored');
    const outcome: Outcome[] = [];
    const parentsFound = new Set<string>();
    for (const row of batch) {
      const columns = columnsOf.get(row.id);
      if (columns === undefined) continue;
      const target = this.targets.get(labelOf({ database: row.database, name: row.table })) ?? null;
      const left = target === null ? tableMissing : await restoreRow(session, target, columns, parentsFound);
      if (left !== null) {
        // Fails where the server took back more than the row's own statement
        await session.query('RELEASE SAVEPOINT rows_restored');
        await session.query('SAVEPOINT rows_restored');
      }
      outcome.push({ row, left });
    }
    const gone = outcome.filter(({ left }) => left === null).map(({ row }) => row.id);
    if (gone.length > 0) await session.query(`DELETE FROM ${from} WHERE id IN (${gone.join(', ')})`);
    return outcome;
  }

  private leave(table: string, { foreignKey: key, rowKey }: QuarantinedRow, { reason, answer }: Left): void {
    const id = JSON.stringify([table, key, reason]);
    const found = this.left.get(id) ?? { table, key, reason, rows: 0, answer, sample: [] };
    if (found.sample.length < sampleSize) found.sample.push(rowKey);
    this.left.set(id, { ...found, rows: found.rows + 1 });
  }
}

/** What was put back, and what was not. */
export interface RestoredRows {
  readonly restored: Readonly<Record<string, number>>;
  readonly left: readonly LeftRows[];
}

/**
 * Puts quarantined rows back, with the server's checks on, parents before what hangs on them; a row that can't be put
 * back stays. Passes are repeated as long as one brings back a row that others may wait for. The session must have
 * the settings of `withRowSettings`, and be in no transaction.
 *
 * @throws ProtectionFlowsError TABLE_BUSY, INTERRUPTED, PRIVILEGE_MISSING
 */
export async function restoreRows(context: RestoreContext): Promise<RestoredRows> {
  const restored: Record<string, number> = {};
  const targets = new Map<string, RestoreTarget | null>();
  for (;;) {
    const [counted] = await select<{ n: number | string }>(
      context.session,
      `SELECT COUNT(*) AS n FROM ${from}${context.key === undefined ? '' : ' WHERE foreign_key = ?'}`,
      context.key === undefined ? [] : [context.key],
    );
    const pass = new RestorePass(context, targets, Number(counted?.n ?? 0));
    await pass.run();
    for (const [table, rows] of Object.entries(pass.restored))
      restored[table] = (restored[table] ?? 0) + rows;
    const left = [...pass.left.values()];
    const mayGoOn = left.some(({ reason }) => reason === 'parent-missing');
    if (!mayGoOn || Object.keys(pass.restored).length === 0) return { restored, left };
  }
}
