import { deepStrictEqual } from 'node:assert';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { cursorOf, listName } from '../../src/repositories/pages';
import type { BenchDatabase } from '../support/bench-database';
import type { Spread } from '../support/statistics';
import { executionColumns } from './contestants/floor-sql';
import { rawPool } from './contestants/floor';
import { Ours } from './contestants/ours';
import { PlainTypeOrm } from './contestants/plain-typeorm';
import type { LongHistory } from './data-set';
import { RecordedOurs } from './statements';
import { inTurns } from './turns';

/** The cost of reading a page. */
export interface PageResult {
  readonly page: number;
  readonly times: Spread;
  /** How many entries of indexes and tables the server read, by its Handler_read counters. */
  readonly entries: number;
  /** The server's plan for the rows. */
  readonly plan: string;
}

/** The pages of a long history. */
export interface HistoryResult {
  readonly pages: readonly PageResult[];
  /** The last page, by OFFSET. */
  readonly offset: Spread;
  readonly typeorm: Spread;
}

const pageSize = 50;
const rounds = { measured: 60, warmUp: 10 };
/** Each takes seconds, and reads the whole history: no page is in a cache afterwards. */
const offsetRounds = { measured: 3, warmUp: 0 };

/** The cursor of page `page` (from 1). */
function cursorBefore({ flow, rows, runId, createdAt }: LongHistory, page: number): string | undefined {
  if (page === 1) return undefined;
  const last = rows - (page - 1) * pageSize;
  return cursorOf({ value: createdAt(last), id: runId(last), list: listName('history', flow) });
}

function idsOfPage({ rows, runId }: LongHistory, page: number): string[] {
  const newest = rows - 1 - (page - 1) * pageSize;
  return Array.from({ length: pageSize }, (_, n) => runId(newest - n));
}

async function handlerReads(session: Connection): Promise<number> {
  const [rows] = await session.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
  return rows
    .filter((row) => row.Variable_name !== 'Handler_read_rnd_next')
    .reduce((sum, row) => sum + Number(row.Value), 0);
}

/** How many entries the server reads for a page of this package, and its plan. */
async function look(
  database: BenchDatabase,
  recorded: RecordedOurs,
  history: LongHistory,
  page: number,
): Promise<Pick<PageResult, 'entries' | 'plan'>> {
  const after = cursorBefore(history, page);
  const [statement] = await recorded.during(({ repositories }) =>
    repositories.executions.history(history.flow, { limit: pageSize, after }),
  );
  const { text, parameters } = statement!;
  const pool = rawPool(database.url);
  const connection = await pool.getConnection();
  try {
    const before = await handlerReads(connection);
    await connection.query(text, parameters as string[]);
    const entries = (await handlerReads(connection)) - before;
    const [plan] = await connection.query<RowDataPacket[]>(
      `EXPLAIN FORMAT=TRADITIONAL ${text}`,
      parameters as string[],
    );
    return { entries, plan: plan.map((row) => `${row.type} ${row.key}, ${row.Extra ?? ''}`).join('; ') };
  } finally {
    connection.release();
    await pool.end();
  }
}

/** Measures pages of a long history: the first, one in the middle and the last. */
export async function measureHistory(database: BenchDatabase, history: LongHistory): Promise<HistoryResult> {
  const last = Math.floor(history.rows / pageSize);
  const pages = [1, Math.ceil(last / 2), last];
  const ours = await Ours.connect(database.url);
  const recorded = await RecordedOurs.connect(database.url);
  const plain = await PlainTypeOrm.connect(database.url, database.flavour);
  const pool = rawPool(database.url);
  const read = async (page: number): Promise<string[]> => {
    const after = cursorBefore(history, page);
    const { items } = await ours.repositories.executions.history(history.flow, { limit: pageSize, after });
    return items.map((run) => run.id);
  };
  const byOffset = async (): Promise<string[]> => {
    const [rows] = await pool.query<RowDataPacket[]>(
      `SELECT ${executionColumns} FROM protection_flow_executions e WHERE e.flow_id = ?
        ORDER BY e.created_at DESC, e.id DESC LIMIT ? OFFSET ?`,
      [history.flow, pageSize, (last - 1) * pageSize],
    );
    return rows.map((row) => row.id as string);
  };
  const byTypeOrm = (): Promise<string[]> => plain.history(history.flow, pageSize, last - 1);
  try {
    for (const page of pages)
      deepStrictEqual(await read(page), idsOfPage(history, page), `page ${page} of ours`);
    for (const other of [byOffset, byTypeOrm])
      deepStrictEqual(await other(), idsOfPage(history, last), 'OFFSET');
    const times = await inTurns(
      Object.fromEntries(pages.map((page) => [String(page), { run: () => read(page) }])),
      rounds,
    );
    const offset = await inTurns({ offset: { run: byOffset }, typeorm: { run: byTypeOrm } }, offsetRounds);
    const looked: PageResult[] = [];
    for (const page of pages) {
      looked.push({ page, times: times[String(page)]!, ...(await look(database, recorded, history, page)) });
    }
    return { pages: looked, ...offset };
  } finally {
    await ours.release();
    await recorded.release();
    await plain.release();
    await pool.end();
  }
}
