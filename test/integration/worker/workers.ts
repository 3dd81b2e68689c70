import { once } from 'node:events';
import {
  createWorker,
  type RunEnd,
  type RunFlow,
  type Worker,
  type WorkerEvents,
  type WorkerOptions,
} from '../../../src/worker';
import type { Claim, FlowChanges } from '../../../src/repositories';
import { createSchedule } from '../../../src/testing';
import { waitFor } from '../../support/wait-for';
import type { DataLayer } from '../repositories/data-layer';

/** Workers on a data layer; each is stopped after its test, and its flows are deleted. */
export interface Workers {
  /** Starts a worker that polls 50 times a second. */
  start(run: RunFlow, options?: Partial<WorkerOptions>): Worker;
  /** Queues a run of a new flow, and returns how the run ended. */
  end(run: RunFlow, options?: Partial<WorkerOptions>): Promise<{ claim: Claim; end: RunEnd }>;
  /** Creates flows that are due, or that have a queued run. Returns their ids in the order of creation. */
  due(count: number, changes?: FlowChanges): Promise<string[]>;
  queued(count: number, changes?: FlowChanges): Promise<string[]>;
  /** Waits until no run is queued or under way, and no flow is due. */
  idle(): Promise<void>;
}

/** Registers the hooks of {@link Workers}. */
export function useWorkers(layer: DataLayer): Workers {
  const started: Worker[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((worker) => worker.stop()));
    await layer.dataSource.query('DELETE FROM protection_flows');
  });
  const create = async (count: number, changes: FlowChanges): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1)
      ids.push((await layer.repositories.flows.create(layer.newFlow(changes))).id);
    return ids;
  };
  const workers: Workers = {
    start(run, options = {}) {
      const { repositories } = layer;
      const quick = { pollMs: 20, heartbeatMs: 100, silenceMs: 60_000, stopMs: 0, graceMs: 100 };
      const worker = createWorker({ repositories, run, ...quick, ...options });
      started.push(worker);
      return worker.start();
    },
    async end(run, options) {
      await workers.queued(1);
      const [claim, end] = (await once(workers.start(run, options), 'ended')) as WorkerEvents['ended'];
      return { claim, end };
    },
    async due(count, changes = {}) {
      // Once a year, so that a flow that has run is not due again
      const { id } = await createSchedule(layer.database.session, { cron_expression: '0 0 1 1 *' });
      const ids = await create(count, { ...changes, schedule_id: id });
      await layer.dataSource.query(
        'UPDATE protection_flows SET next_execution_time = NOW() - INTERVAL 1 MINUTE WHERE id IN (?)',
        [ids],
      );
      return ids;
    },
    async queued(count, changes = {}) {
      const ids = await create(count, changes);
      for (const flow_id of ids)
        await layer.repositories.executions.enqueue({ flow_id, execution_type: 'manual' });
      return ids;
    },
    async idle() {
      const open = `SELECT (SELECT COUNT(*) FROM protection_flow_executions WHERE status IN ('pending', 'running'))
                         + (SELECT COUNT(*) FROM protection_flows WHERE next_execution_time <= NOW())`;
      await waitFor(async () => (await layer.count(open)) === 0);
    },
  };
  return workers;
}

/** A promise, and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Resolves when the signal is aborted. */
export const aborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await once(signal, 'abort');
};
