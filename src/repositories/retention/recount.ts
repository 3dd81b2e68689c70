import {
  flowRecordTables,
  findWrong,
  forgetFlows,
  recountFlows,
  type RecountedFlow,
} from '../../statistics/meaning';
import { selectFlowIds } from './prune';
import { chunks, idsOf, ifMigrated } from '../statements';
import type { Session } from '../session';

export type { FlowStatistics, RecountedFlow } from '../../statistics/meaning';

/** How far a recount is; reported after every batch. */
export interface RecountProgress {
  /** Flows that were checked so far. */
  readonly flows: number;
  readonly totalFlows: number;
  /** Flows whose statistics were wrong. */
  readonly wrong: number;
}

/** How to recount. */
export interface RecountOptions {
  /** Only reports what is wrong. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** Flows that one statement checks: 1 to 1,000. Default: 100. */
  readonly batchSize?: number | undefined;
  /** Stops between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly onProgress?: ((progress: RecountProgress) => void) | undefined;
}

/** The result of a recount. */
export interface RecountResult {
  /** True if it was complete and nothing is wrong now; so false for a dry run that found something. */
  readonly ok: boolean;
  /** False: stopped by the signal. */
  readonly complete: boolean;
  /** Flows that were checked. */
  readonly flows: number;
  /** The flows whose statistics were wrong, by id: the old and the right ones. */
  readonly recounted: readonly RecountedFlow[];
  readonly dryRun: boolean;
}

const idsAtOnce = 10_000;

/** Deletes rows of our table whose flow another program has deleted. */
async function forgetGone(session: Session, table: string): Promise<void> {
  const gone = await session.select<{ flow_id: string }>(
    `SELECT p.flow_id FROM ${table} p LEFT JOIN protection_flows f ON f.id = p.flow_id WHERE f.id IS NULL`,
  );
  const ids = [...new Set(gone.map(({ flow_id }) => flow_id))];
  for (const part of chunks(ids, idsAtOnce)) await forgetFlows(session, part);
}

/**
 * Recounts all flows by id. Checks a batch without locks. Then locks each wrong flow, counts it again and writes it, in a
 * transaction of its own.
 */
export async function recountAll(
  session: Session,
  { dryRun, batchSize, signal, onProgress }: RecountOptions & { dryRun: boolean; batchSize: number },
): Promise<RecountResult> {
  const [all] = await session.select<{ total: number | string }>(
    'SELECT COUNT(*) AS total FROM protection_flows',
  );
  if (!dryRun) for (const table of flowRecordTables) await ifMigrated(forgetGone(session, table));
  const recounted: RecountedFlow[] = [];
  let flows = 0;
  for (let after = ''; ;) {
    const ids = idsOf(await selectFlowIds(session, after, batchSize));
    const complete = ids.length === 0;
    if (complete || signal?.aborted === true)
      return { ok: complete && !(dryRun && recounted.length > 0), complete, flows, recounted, dryRun };
    for (const found of await findWrong(session, ids)) {
      const recount = (own: Session): Promise<RecountedFlow[]> => recountFlows(own, [found.id]);
      recounted.push(...(dryRun ? [found] : await session.transaction(recount, 'READ COMMITTED')));
    }
    flows += ids.length;
    after = ids.at(-1) ?? '';
    onProgress?.({ flows, totalFlows: Number(all?.total), wrong: recounted.length });
  }
}
