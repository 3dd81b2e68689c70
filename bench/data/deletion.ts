import { setTimeout as delay } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import type { BenchDatabase } from '../support/bench-database';
import { clock } from '../support/clock';
import { Load, type LoadRecord } from '../support/load/load';
import { longestMs, typicalLongestMs, within, type Window } from '../support/load/stalls';
import { rawPool } from './contestants/floor';
import { Ours } from './contestants/ours';
import type { LongHistory } from './data-set';

/** How long a deletion took, and how long writers of other flows waited meanwhile. */
export interface DeletionResult {
  readonly totalMs: number;
  /** The longest statement of any writer. */
  readonly stallMs: number;
  /** The longest in a period as long as the control: the median of all such periods. */
  readonly typicalStallMs: number;
  /** The longest in an equally long period without a deletion. */
  readonly controlStallMs: number;
  readonly readerStallMs: number;
  readonly writesPerSecond: number;
  readonly errors: number;
}

/** This package's deletion, and the plain DELETE with its cascade. */
export interface DeletionResults {
  readonly ours: DeletionResult;
  readonly plain: DeletionResult;
  readonly control: { readonly seconds: number; readonly stallMs: number; readonly writesPerSecond: number };
}

/** A window ends after its run, because the next statements meet the run's aftermath. */
const aftermathMs = 100;
/** The control is as long as this package's deletion, within these bounds. */
const controlMs = { least: 5_000, most: 60_000 };

interface Measured {
  readonly window: Window;
  readonly load: LoadRecord;
}

async function underLoad(
  database: BenchDatabase,
  load: Load,
  work: () => Promise<unknown>,
): Promise<Measured> {
  await database.settle();
  await load.start();
  const from = clock();
  await work();
  const window = { from, to: clock() + aftermathMs };
  await delay(aftermathMs);
  return { window, load: await load.stop() };
}

const lengthOf = ({ from, to }: Window): number => to - from;
const perSecond = ({ window, load }: Measured): number =>
  (within(load.writers, window).length / lengthOf(window)) * 1000;

function resultOf(measured: Measured, control: Measured): DeletionResult {
  const { window, load } = measured;
  const stretch = Math.min(lengthOf(window), lengthOf(control.window));
  return {
    totalMs: lengthOf(window) - aftermathMs,
    stallMs: longestMs(load.writers, window),
    typicalStallMs: typicalLongestMs(load.writers, window, stretch),
    controlStallMs: typicalLongestMs(control.load.writers, control.window, stretch),
    readerStallMs: longestMs(load.reader, window),
    writesPerSecond: perSecond(measured),
    errors: load.errors.length,
  };
}

async function assertGone({ session }: BenchDatabase, { flow }: LongHistory): Promise<void> {
  const [rows] = await session.query<RowDataPacket[]>(
    `SELECT (SELECT COUNT(*) FROM protection_flows WHERE id = ?) + (SELECT COUNT(*) FROM
       (SELECT 1 FROM protection_flow_executions WHERE flow_id = ? LIMIT 1) one) AS n`,
    [flow, flow],
  );
  if (Number(rows[0]?.n) !== 0) throw new Error(`${flow} is still there`);
}

/**
 * Deletes two flows with equally long histories under load: one with this package, one with the plain DELETE. The control
 * between them is as long as the first deletion, at most a minute.
 */
export async function measureDeletion(
  database: BenchDatabase,
  rows: number,
  [one, other]: readonly [LongHistory, LongHistory],
): Promise<DeletionResults> {
  const ours = await Ours.connect(database.url);
  const pool = rawPool(database.url);
  const load = await Load.connect(database.url, rows);
  try {
    const byOurs = await underLoad(database, load, () => ours.repositories.flows.delete(one.flow));
    await assertGone(database, one);
    const length = Math.min(controlMs.most, Math.max(controlMs.least, lengthOf(byOurs.window)));
    const control = await underLoad(database, load, () => delay(length));
    const byPlain = await underLoad(database, load, () =>
      pool.query('DELETE FROM protection_flows WHERE id = ?', [other.flow]),
    );
    await assertGone(database, other);
    return {
      ours: resultOf(byOurs, control),
      plain: resultOf(byPlain, control),
      control: {
        seconds: length / 1000,
        stallMs: longestMs(control.load.writers, control.window),
        writesPerSecond: perSecond(control),
      },
    };
  } finally {
    load.release();
    await ours.release();
    await pool.end();
  }
}
