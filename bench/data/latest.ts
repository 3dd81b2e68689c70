import { deepStrictEqual } from 'node:assert';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import type { BenchDatabase } from '../support/bench-database';
import type { Spread } from '../support/statistics';
import { rawPool } from './contestants/floor';
import { Ours } from './contestants/ours';
import { latestFlows } from './data-set';
import { latestForms, single, unionForm } from './latest-forms';
import { RecordedOurs } from './statements';
import { inTurns, type Turn } from './turns';

/** Ways to get the newest runs of 500 flows, in milliseconds. */
export interface LatestResult {
  readonly ours: Spread;
  /** This package's statement on mysql2 alone. */
  readonly chosen: Spread;
  readonly oneByOne: Spread;
  readonly pooled: Spread;
  /** Other statements with the same result. */
  readonly forms: readonly { readonly name: string; readonly times: Spread }[];
}

const rounds = { measured: 21, warmUp: 4 };

type Rows = readonly (RowDataPacket | { readonly id: string; readonly flow_id: string })[];

/** The ids of the newest runs. A statement may give all runs of a flow's latest second: the greatest id is the newest. */
function idsOf(rows: Rows): string[] {
  const newest = new Map<string, string>();
  for (const { flow_id, id } of rows as readonly { id: string; flow_id: string }[]) {
    if ((newest.get(flow_id) ?? '') < id) newest.set(flow_id, id);
  }
  return [...newest.values()].sort();
}

async function select(pool: Pool, sql: string, values: unknown[]): Promise<RowDataPacket[]> {
  const [rows] = await pool.query<RowDataPacket[]>(sql, values as string[]);
  return rows;
}

async function oneByOne(pool: Pool): Promise<RowDataPacket[]> {
  const found: RowDataPacket[] = [];
  for (const id of latestFlows) found.push(...(await select(pool, single, [id])));
  return found;
}

/** Ten at a time: the size of the pool. */
async function pooled(pool: Pool): Promise<RowDataPacket[]> {
  return (await Promise.all(latestFlows.map((id) => select(pool, single, [id])))).flat();
}

/** This package's statement. */
async function statementOfOurs(url: string): Promise<{ text: string; parameters: readonly unknown[] }> {
  const recorded = await RecordedOurs.connect(url);
  try {
    // The first call also reads the catalog
    await recorded.during((ours) => ours.repositories.executions.latest([...latestFlows]));
    const [statement, ...more] = await recorded.during((ours) =>
      ours.repositories.executions.latest([...latestFlows]),
    );
    if (statement === undefined || more.length > 0) throw new Error('latest() is not one statement');
    return statement;
  } finally {
    await recorded.release();
  }
}

/** Measures latest() beside one statement for each flow and other statements; throws unless all results are the same. */
export async function measureLatest({ url, flavour }: BenchDatabase): Promise<LatestResult> {
  const { text, parameters } = await statementOfOurs(url);
  const ours = await Ours.connect(url);
  const pool = rawPool(url);
  const byId = [...latestFlows];
  const forms = [
    ...latestForms(flavour).map(({ name, sql }) => ({ name, ask: () => select(pool, sql, [byId]) })),
    { name: 'UNION ALL of single questions', ask: () => select(pool, unionForm(byId.length), byId) },
  ];
  const ask: Record<string, () => Promise<Rows>> = {
    ours: async () => [...(await ours.repositories.executions.latest(byId)).values()],
    chosen: () => select(pool, text, [...parameters]),
    oneByOne: () => oneByOne(pool),
    pooled: () => pooled(pool),
    ...Object.fromEntries(forms.map((form) => [form.name, form.ask])),
  };
  try {
    const wanted = idsOf(await oneByOne(pool));
    for (const [name, question] of Object.entries(ask)) {
      deepStrictEqual(idsOf(await question()), wanted, `${name} finds other runs`);
    }
    const turns = Object.fromEntries(
      Object.entries(ask).map(([name, run]): [string, Turn] => [name, { run }]),
    );
    const times = await inTurns(turns, rounds);
    return {
      ours: times.ours!,
      chosen: times.chosen!,
      oneByOne: times.oneByOne!,
      pooled: times.pooled!,
      forms: forms.map(({ name }) => ({ name, times: times[name]! })),
    };
  } finally {
    await ours.release();
    await pool.end();
  }
}
