import {
  flowRecordTables,
  findWrong,
  forgetFlows,
  recountFlows,
  type RecountedFlow,
} from '../../statistics/meaning';
import { selectFlowIds } from './prune';
import { chunks, idsOf, whereKept } from '../statements';
import type { Session } from '../session';

export type { FlowStatistics } from '../../statistics/meaning';
export type { RecountedFlow } from '../../statistics/meaning';

/** How far a recount is; told after every batch. */
export interface RecountProgress {
  /** Flows that were looked at. */
  readonly flows: number;
  readonly totalFlows: number;
  /** Of them, those whose statistics were wrong. */
  readonly wrong: number;
}

/** How to recount. */
export interface RecountOptions {
  /** Tells what is wrong, and changes nothing. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** Flows that are looked at with one statement: 1 to 1,000. Default: 100. */
  readonly batchSize?: number | undefined;
  /** Stops between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch. */
  readonly onProgress?: ((progress: RecountProgress) => void) | undefined;
}

/** What a recount found and did. */
export interface RecountResult {
  /** True where it went through, and nothing is wrong now; so never for a dry run that found something. */
  readonly ok: boolean;
  /** False: stopped by the signal. */
  readonly complete: boolean;
  /** Flows looked at. */
  readonly flows: number;
  /** The flows whose statistics were wrong, in the order of their ids: what they were, and are now. */
  readonly recounted: readonly RecountedFlow[];
  readonly dryRun: boolean;
}

const idsAtOnce = 10_000;

/** What is kept of flows that another program has deleted is of no use to anybody. */
async function forgetGone(session: Session, table: string): Promise<void> {
  const gone = await session.select<{ flow_id: string }>(
    `SELECT p.flow_id FROM ${table} p LEFT JOIN protection_flows f ON f.id = p.flow_id WHERE f.id IS NULL`,
  );
  const ids = [...new Set(gone.map(({ flow_id }) => flow_id))];
  for (const part of chunks(ids, idsAtOnce)) await forgetFlows(session, part);
}

/**
 * Recounts all flows in the order of their ids. A batch is looked at without a lock; each flow that is wrong is then locked,
 * counted again and written, in a transaction of its own.
 */
export async function recountAll(
  session: Session,
  { dryRun, batchSize, signal, onProgress }: RecountOptions & { dryRun: boolean; batchSize: number },
): Promise<RecountResult> {
  const [all] = await session.select<{ total: number | string }>(
    'SELECT COUNT(*) AS total FROM protection_flows',
  );
  if (!dryRun) for (const table of flowRecordTables) await whereKept(forgetGone(session, table));
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
