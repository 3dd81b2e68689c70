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

/** How far a prune or a deletion is; reported after every batch. */
export interface PruneProgress {
  /** Flows that are finished. */
  readonly flows: number;
  readonly totalFlows: number;
  /** Executions deleted so far. */
  readonly deleted: number;
}

/** How to delete in batches. */
export interface BatchOptions {
  /** Executions per statement: 1 to 10,000. Default: 500. */
  readonly batchSize?: number | undefined;
  /**
   * Pause after each batch, in milliseconds. Default: as long as the batch took, at most 1 second. So other writers have the
   * disk to themselves about half of the time.
   */
  readonly pauseMs?: number | undefined;
  /** Stops between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch. */
  readonly onProgress?: ((progress: PruneProgress) => void) | undefined;
}

/** What to prune. At least one of `olderThanMs` and `keepPerFlow` is needed. */
export interface PruneOptions extends BatchOptions {
  /** Deletes executions that ended longer ago than this, in milliseconds, by the server's clock. */
  readonly olderThanMs?: number | undefined;
  /** Deletes executions beyond this number of newest executions of their flow; at least 1. */
  readonly keepPerFlow?: number | undefined;
  /** Only counts. Also counts executions that rows of other tables would keep. Default: false. */
  readonly dryRun?: boolean | undefined;
}

/** The result of a prune. */
export interface PruneResult {
  readonly ok: boolean;
  /** False: the signal stopped it. The next prune deletes the rest. */
  readonly complete: boolean;
  /** Executions that were deleted, or with `dryRun` would be. */
  readonly deleted: number;
  /**
   * Executions that are old enough but stay, because a row of another table refers to them by a foreign key with RESTRICT or
   * NO ACTION; counted by key. Key and table are null if the server hides them from the user.
   */
  readonly kept: readonly KeptExecutions[];
  /** Flows that were pruned. */
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
      refuse(faults, 'olderThanMs', 'isGiven', 'or keepPerFlow must be given: what to delete has no default');
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
const longestPauseMs = 1_000;

/** The snapshot of a caller's transaction may be older than the locks of a recount. */
const isOutside = 'must not be that of a transaction: a recount opens one of its own for each flow';

/**
 * Deletes old executions and unwanted flows in short transactions, so that writers of other rows do not wait. If a call is
 * stopped or killed at any point, the next call finishes its work. Inside a caller's transaction there are no batches.
 */
export class RetentionRepository extends Repository {
  /**
   * Deletes ended executions that are older than the age, or beyond the newest `keepPerFlow` of their flow. Each flow keeps
   * its newest execution, its newest success and its last execution. The flows' counters stay the same. The numbers of
   * deleted executions are stored in a table of their own, for {@link recount} and for verify.
   *
   * @throws VALIDATION_FAILED for wrong options, and if neither age nor number is given; MIGRATION_PENDING
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
   * Deletes flows and their executions, long histories in batches; see {@link BatchOptions}. If the signal stops it, the
   * flows stay disabled with their remaining executions (INTERRUPTED). If a row of another table refers to a flow by a key
   * with RESTRICT or NO ACTION, that flow stays as it was (STILL_REFERENCED); the others are deleted.
   *
   * @returns the result for each flow
   * @throws VALIDATION_FAILED for wrong options
   */
  async deleteFlows(ids: readonly string[], options: BatchOptions = {}): Promise<BulkResult> {
    const given = readDelete({ ids, options });
    const done = { flows: 0, totalFlows: given.ids.length, deleted: 0 };
    const goOn = this.batchEnd(given.options, done);
    return deleteFlowsOf(this.session, given.ids, given.options.batchSize, goOn);
  }

  /**
   * Makes the flows' counters and last_* agree with their executions and with the numbers that {@link prune} stored. Others
   * may work meanwhile: each flow is locked while it is counted, so runs that this package begins or ends are counted
   * exactly. Safe to stop and to run again.
   *
   * @throws VALIDATION_FAILED for wrong options, and inside a caller's transaction; MIGRATION_PENDING
   */
  async recount(options: RecountOptions = {}): Promise<RecountResult> {
    const given = readRecount({ options }).options;
    if (this.session.isJoined)
      throw validationFailed('recount', [{ field: 'manager', constraints: { isOutside } }]);
    return recountAll(this.session, given);
  }

  /** Makes the function to call after each batch: it counts, reports and pauses, and returns whether to go on. */
  private batchEnd(
    { signal, onProgress, pauseMs, dryRun }: ValueOf<typeof batchOptions> & { readonly dryRun?: boolean },
    done: { flows: number; totalFlows: number; deleted: number },
  ): GoOn {
    // A pause gains nothing for a dry run, or inside one long transaction
    const pauses = dryRun !== true && !this.session.isJoined;
    let begun = performance.now();
    return async (deleted) => {
      done.deleted += deleted;
      onProgress?.({ ...done });
      const ms = pauseMs ?? Math.min(performance.now() - begun, longestPauseMs);
      // The signal ends the pause
      if (pauses && ms > 0 && signal?.aborted !== true)
        await delay(ms, undefined, { signal }).catch(() => undefined);
      begun = performance.now();
      return signal?.aborted !== true;
    };
  }
}
