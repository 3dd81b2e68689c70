import { setTimeout as delay } from 'node:timers/promises';
import {
  abortSignal,
  callback,
  count,
  declareArguments,
  flag,
  ids,
  optional,
  options as optionsOf,
  refuse,
  type ValueOf,
} from '../arguments';
import { type BulkResult, deleteFlowsOf } from './retention/delete-flows';
import {
  countKept,
  pruneFlow,
  selectFlowIds,
  type GoOn,
  type KeptExecutions,
  type PruneRule,
} from './retention/prune';
import { Repository } from './session';
import {
  recountAll,
  type RecountOptions,
  type RecountProgress,
  type RecountResult,
} from './retention/recount';
import { assertKept } from '../statistics/meaning';
import { validationFailed } from '../errors';

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
  /** Told after each batch. */
  readonly onProgress?: ((progress: PruneProgress) => void) | undefined;
}

/** What to prune: at least one of the first two. */
export interface PruneOptions extends BatchOptions {
  /** Executions that ended longer ago than this, in milliseconds, by the server's clock. */
  readonly olderThanMs?: number | undefined;
  /** Executions beyond the newest so many of their flow, from 1. */
  readonly keepPerFlow?: number | undefined;
  /** Counts, and deletes nothing; executions that rows of other tables keep are counted too. Default: false. */
  readonly dryRun?: boolean | undefined;
}

/** What a prune did. */
export interface PruneResult {
  readonly ok: boolean;
  /** False: stopped by the signal; the next prune goes on from there. */
  readonly complete: boolean;
  /** Executions deleted; with `dryRun`, those that would be. */
  readonly deleted: number;
  /**
   * Executions that stay although they are old enough, by the key that keeps each: a row of another table refers to it, and the
   * key (RESTRICT, NO ACTION) does not let it go. Key and table are null where the server hides them from the user.
   */
  readonly kept: readonly KeptExecutions[];
  /** Flows looked at. */
  readonly flows: number;
  readonly dryRun: boolean;
}

const longestMs = 100 * 365 * 86_400_000;
const flowsAtOnce = 500;
const batchReaders = {
  batchSize: optional(count({ min: 1, max: 10_000 }), 500),
  pauseMs: optional(count({ min: 0, max: 60_000 })),
  signal: optional(abortSignal),
  onProgress: optional(callback<(progress: PruneProgress) => void>()),
};
const pruneOptions = optionsOf(
  {
    ...batchReaders,
    olderThanMs: optional(count({ min: 0, max: longestMs })),
    keepPerFlow: optional(count({ min: 1, max: 2_147_483_647 })),
    dryRun: optional(flag, false),
  },
  ({ olderThanMs, keepPerFlow }, faults) => {
    if (olderThanMs === undefined && keepPerFlow === undefined)
      refuse(
        faults,
        'olderThanMs',
        'isGiven',
        'or keepPerFlow must be given: there is no default for what to delete',
      );
  },
);
const batchOptions = optionsOf(batchReaders);
const readPrune = declareArguments('prune', { options: pruneOptions });
const readDelete = declareArguments('deleteFlows', { ids, options: batchOptions });
const readRecount = declareArguments('recount', {
  options: optionsOf({
    dryRun: optional(flag, false),
    batchSize: optional(count({ min: 1, max: 1_000 }), 100),
    signal: optional(abortSignal),
    onProgress: optional(callback<(progress: RecountProgress) => void>()),
  }),
});
const longestRestMs = 1_000;

/** In a caller's transaction, what is read may be older than the lock. */
const isOutside = 'must not be that of a transaction: a recount opens one of its own for each flow';

/**
 * Deletes what is no longer wanted, without a long transaction: writers of other rows are not held up, and a run that
 * was stopped or killed anywhere is finished by the next. Inside a caller's transaction everything is one batch.
 */
export class RetentionRepository extends Repository {
  /**
   * Deletes executions that are over and older than the age, or beyond the newest `keepPerFlow` of their flow. Each
   * flow keeps its newest execution, its newest success, and the one that it shows as its last. Counters of the flows stay as
   * they are; how many of the executions that they count are gone is kept beside them, for {@link recount} and for verify.
   *
   * @throws VALIDATION_FAILED for wrong options, and where neither age nor number is given; MIGRATION_PENDING
   */
  async prune(options: PruneOptions): Promise<PruneResult> {
    const { session } = this;
    const given = readPrune({ options }).options;
    const { olderThanMs, keepPerFlow = null, batchSize, dryRun } = given;
    const [server] = await session.select<{ total: number | string; now: Date }>(
      'SELECT COUNT(*) AS total, CURRENT_TIMESTAMP AS now FROM protection_flows',
    );
    if (!dryRun) await assertKept(session);
    const endedBefore = olderThanMs === undefined ? null : new Date(server!.now.getTime() - olderThanMs);
    const rule: PruneRule = { endedBefore, keepPerFlow, batchSize, dryRun };
    const done = { flows: 0, totalFlows: Number(server!.total), deleted: 0 };
    const kept = new Map<string, KeptExecutions>();
    const goOn = this.batchEnd(given, done);
    const result = (complete: boolean): PruneResult => {
      const { flows, deleted } = done;
      return { ok: complete, complete, deleted, kept: [...kept.values()], flows, dryRun };
    };
    for (let after = ''; ;) {
      const flows = await selectFlowIds(session, after, flowsAtOnce);
      if (flows.length === 0) return result(true);
      for (const { id } of flows) {
        if (given.signal?.aborted === true) return result(false);
        const { refused, complete } = await pruneFlow(session, id, rule, goOn);
        countKept(kept, refused);
        if (!complete) return result(false);
        done.flows += 1;
        after = id;
      }
      given.onProgress?.({ ...done });
    }
  }

  /**
   * Deletes flows and their executions, long histories in batches; see {@link BatchOptions}. A call that was stopped
   * leaves the flows disabled, with what is left of their executions (INTERRUPTED). One that rows of another table refer to
   * by a key that does not let it go stays as it was (STILL_REFERENCED), and the others are deleted.
   *
   * @returns what became of each
   * @throws VALIDATION_FAILED for wrong options
   */
  async deleteFlows(ids: readonly string[], options: BatchOptions = {}): Promise<BulkResult> {
    const given = readDelete({ ids, options });
    const done = { flows: 0, totalFlows: given.ids.length, deleted: 0 };
    const goOn = this.batchEnd(given.options, done);
    return deleteFlowsOf(this.session, given.ids, given.options.batchSize, goOn);
  }

  /**
   * Makes the flows' counters and last_* agree with their executions and with what {@link prune} removed, beside the work
   * of others: exact for what this package's programs begin and end meanwhile, as each flow is locked while it is counted.
   * Safe to stop and to run again.
   *
   * @throws VALIDATION_FAILED for wrong options, and inside a transaction of the caller's; MIGRATION_PENDING
   */
  async recount(options: RecountOptions = {}): Promise<RecountResult> {
    const given = readRecount({ options }).options;
    if (this.session.isJoined)
      throw validationFailed('recount', [{ field: 'manager', constraints: { isOutside } }]);
    return recountAll(this.session, given);
  }

  /** What to do after each batch: count it, tell of it, rest, and say whether to go on. */
  private batchEnd(
    { signal, onProgress, pauseMs, dryRun }: ValueOf<typeof batchOptions> & { readonly dryRun?: boolean },
    done: { flows: number; totalFlows: number; deleted: number },
  ): GoOn {
    // What is only counted, or is one transaction anyway, gains nothing by a rest
    const rests = dryRun !== true && !this.session.isJoined;
    let begun = performance.now();
    return async (deleted) => {
      done.deleted += deleted;
      onProgress?.({ ...done });
      const restMs = pauseMs ?? Math.min(performance.now() - begun, longestRestMs);
      // The signal ends the rest
      if (rests && restMs > 0 && signal?.aborted !== true)
        await delay(restMs, undefined, { signal }).catch(() => undefined);
      begun = performance.now();
      return signal?.aborted !== true;
    };
  }
}
