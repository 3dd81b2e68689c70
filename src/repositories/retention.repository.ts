import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { validationFailed } from '../errors';
import { readCounts, readIds } from './options';
import { deleteFlowsOf } from './retention/delete-flows';
import { pruneFlow, selectPrunable, type GoOn } from './retention/prune';
import { Session } from './session';

/** How a prune or a deletion goes on; told after every batch. */
export interface PruneProgress {
  /** Flows that are done. */
  readonly flows: number;
  readonly totalFlows: number;
  /** Executions deleted so far. */
  readonly deleted: number;
}

/** How to delete in batches. */
export interface BatchOptions {
  /** Executions a statement: 1 to 10,000. Default: 500. */
  readonly batchSize?: number | undefined;
  /**
   * Rest after each batch, in milliseconds. Default: as long as the batch took, so that writers of other rows have the
   * disk to themselves half of the time.
   */
  readonly pauseMs?: number | undefined;
  /** Stops between two batches. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PruneProgress) => void) | undefined;
}

/** What to prune: at least one of the first two. */
export interface PruneOptions extends BatchOptions {
  /** Executions that ended longer ago than this, in milliseconds. */
  readonly olderThanMs?: number | undefined;
  /** Executions beyond the newest so many of their flow, from 1. */
  readonly keepPerFlow?: number | undefined;
  /** Counts, and deletes nothing. Default: false. */
  readonly dryRun?: boolean | undefined;
}

/** What a prune did. */
export interface PruneResult {
  readonly ok: boolean;
  /** False: stopped by the signal; the next prune goes on from there. */
  readonly complete: boolean;
  /** Executions deleted; with `dryRun`, those that would be. */
  readonly deleted: number;
  /** Flows looked at. */
  readonly flows: number;
  readonly dryRun: boolean;
}

const longestMs = 100 * 365 * 86_400_000;
const flowsAtOnce = 500;
const batchRules = {
  batchSize: { min: 1, max: 10_000, otherwise: 500 },
  pauseMs: { min: 0, max: 60_000, otherwise: 0 },
};
const longestRestMs = 1_000;

/** Waits; the signal ends it. */
async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * Deletes what is no longer wanted, without a long transaction: writers of other rows are not held up, and a run that
 * was stopped or killed anywhere is finished by the next.
 */
export class RetentionRepository {
  private readonly session: Session;

  /** @param manager a DataSource's `manager`; inside a transaction everything would be one batch */
  constructor(manager: EntityManager) {
    this.session = new Session(manager);
  }

  /** The same repository within a caller's transaction. */
  withManager(manager: EntityManager): RetentionRepository {
    return new RetentionRepository(manager);
  }

  /**
   * Deletes executions that are over and older than the age, or beyond the newest `keepPerFlow` of their flow. Each
   * flow keeps its newest execution and the one that it shows as its last. Counters of the flows stay as they are.
   *
   * @throws VALIDATION_FAILED for wrong options, and where neither age nor number is given
   */
  async prune(options: PruneOptions): Promise<PruneResult> {
    const { session } = this;
    const settings = this.readOptions(options);
    const [{ total } = { total: 0 }] = await session.select<{ total: number | string }>(
      'SELECT COUNT(*) AS total FROM protection_flows',
    );
    const done = { flows: 0, totalFlows: Number(total), deleted: 0 };
    const goOn = this.batchEnd(options, done);
    const isStopped = (): boolean => options.signal?.aborted === true;
    for (let after = ''; ;) {
      const flows = await selectPrunable(session, after, flowsAtOnce);
      if (flows.length === 0) return this.result(done, settings.dryRun, true);
      for (const flow of flows) {
        const complete = !isStopped() && (await pruneFlow(session, flow, settings, goOn)).complete;
        if (!complete) return this.result(done, settings.dryRun, false);
        done.flows += 1;
        after = flow.id;
      }
      options.onProgress?.({ ...done });
    }
  }

  /**
   * Deletes flows and their executions, long histories in batches; see {@link BatchOptions}. A call that was stopped
   * leaves the flows disabled, with what is left of their executions.
   *
   * @returns the ids of those that were there and are deleted
   * @throws VALIDATION_FAILED for wrong options
   */
  async deleteFlows(ids: readonly string[], options: BatchOptions = {}): Promise<string[]> {
    const wanted = readIds('deleteFlows', 'ids', ids);
    const { batchSize } = readCounts('deleteFlows', options, batchRules);
    const done = { flows: 0, totalFlows: wanted.length, deleted: 0 };
    return deleteFlowsOf(this.session, wanted, batchSize, this.batchEnd(options, done));
  }

  private readOptions(options: PruneOptions) {
    const counts = readCounts('prune', options, {
      ...batchRules,
      olderThanMs: { min: 0, max: longestMs, otherwise: 0 },
      keepPerFlow: { min: 1, max: 2_147_483_647, otherwise: 1 },
    });
    if (options.olderThanMs === undefined && options.keepPerFlow === undefined) {
      const isGiven = 'olderThanMs or keepPerFlow must be given: there is no default for what to delete';
      throw validationFailed('prune', [{ field: 'olderThanMs', constraints: { isGiven } }]);
    }
    return {
      ...counts,
      endedBefore: options.olderThanMs === undefined ? null : new Date(Date.now() - counts.olderThanMs),
      keepPerFlow: options.keepPerFlow === undefined ? null : counts.keepPerFlow,
      dryRun: options.dryRun === true,
    };
  }

  /** What to do after each batch: count it, tell of it, rest, and say whether to go on. */
  private batchEnd(
    { signal, onProgress, pauseMs, dryRun }: BatchOptions & { readonly dryRun?: boolean },
    done: { flows: number; totalFlows: number; deleted: number },
  ): GoOn {
    // What is only counted, or is one transaction anyway, gains nothing by a rest
    const rests = dryRun !== true && !this.session.isJoined;
    let begun = performance.now();
    return async (deleted) => {
      done.deleted += deleted;
      onProgress?.({ ...done });
      const restMs = pauseMs ?? Math.min(performance.now() - begun, longestRestMs);
      if (rests && signal?.aborted !== true) await rest(restMs, signal);
      begun = performance.now();
      return signal?.aborted !== true;
    };
  }

  private result(
    { flows, deleted }: { flows: number; deleted: number },
    dryRun: boolean,
    complete: boolean,
  ): PruneResult {
    return { ok: complete, complete, deleted, flows, dryRun };
  }
}
