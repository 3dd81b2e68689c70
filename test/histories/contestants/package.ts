import { join } from 'node:path';
import type * as Package from '../../../src';
import { packageFolder } from '../../support/run-program';
import { claimLimit, type Contestant, type Given, type RunSeen } from './contestant';

/** The addresses of the servers; the first is tried first. */
export interface Settings {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Errors with these codes promise that the call had no effect. Other errors, such as CONNECTION_LOST, leave this open.
 */
const refusals: readonly string[] = [
  'FLOW_STILL_RUNNING',
  'TRANSITION_REFUSED',
  'TRANSACTION_ABORTED',
  'CONNECTION_REFUSED',
  'CONNECTION_TIMEOUT',
  'NO_WRITABLE_HOST',
  'POOL_EXHAUSTED',
  'SERVER_NOT_READY',
  'SERVER_READ_ONLY',
  'MIGRATE_LOCKED',
] satisfies Package.ErrorCode[];

const seen = ({ id, flow_id, status, created_job_ids, vms_processed }: Package.ExecutionRow): RunSeen => ({
  id,
  flow: flow_id,
  status,
  jobs: created_job_ids ?? [],
  machines: vms_processed,
});

const given = ({ execution, flow, dueAt }: Package.Claim): Given => ({
  run: execution.id,
  flow: flow.id,
  dueAt,
});

/** A deadlock, a lock wait timeout, and in a cluster a failed certification. */
const lostToAnother = [1205, 1213, 1180, 3101];

const poolSize = 6;

/** Connects this package as it is published: the bundle in dist. */
export async function connectPackage(settings: Settings): Promise<Contestant> {
  const own = (await import(join(packageFolder, 'dist', 'index.js'))) as typeof Package;
  const dataSource = own.createDataSource({ ...settings, poolSize, connectTimeoutMs: 3_000 });
  await dataSource.initialize();
  const { executions, dueFlows, flows } = own.createRepositories(dataSource);
  return {
    migrate: async () => (await own.migrate(dataSource)).applied,
    start: async (id, flow_id) => void (await executions.start({ id, flow_id, execution_type: 'api' })),
    enqueue: async (id, flow_id) => void (await executions.enqueue({ id, flow_id, execution_type: 'api' })),
    recordJobs: (run, jobs, more) => executions.recordJobs(run, jobs, { more }),
    recordTogether: (jobs) =>
      dataSource.transaction(async (manager) => {
        const joined = executions.withManager(manager);
        const recorded: boolean[] = [];
        for (const [run, job] of jobs) recorded.push(await joined.recordJobs(run, [job], { more: true }));
        return recorded;
      }),
    progress: (run, vms_processed) => executions.progress(run, { vms_processed }),
    finish: (run, status) => executions.finish(run, { status }),
    cancel: (run) => executions.cancel(run),
    async settle(run, states) {
      const { status, settled, jobs } = await executions.settle(run, states);
      return { status, settled, machines: jobs.completed };
    },
    async claimDue(worker) {
      const { claimed, queued, skipped } = await dueFlows.claimDue({
        worker,
        limit: claimLimit,
        overlap: 'queue',
      });
      return {
        claimed: claimed.map(given),
        queued: queued.map(given),
        skipped: skipped.map(({ flowId, dueAt }) => ({ flow: flowId, dueAt })),
      };
    },
    claimQueued: async (worker) => (await dueFlows.claimQueued({ worker, limit: claimLimit })).map(given),
    get: async (run) => seen(await executions.get(run)),
    latest: async (flowIds) => [...(await executions.latest(flowIds)).values()].map(seen),
    async flow(id) {
      const { total_executions, successful_executions, failed_executions } = await flows.get(id);
      return { total: total_executions, successful: successful_executions, failed: failed_executions };
    },
    isRefusal: (error) =>
      own.isProtectionFlowsError(error)
        ? refusals.includes(error.code)
        : // From the COMMIT of the caller's own transaction
          lostToAnother.includes((error as { errno?: number }).errno ?? 0),
    close: () => dataSource.destroy(),
  };
}
