import type {
  DueFlowRepository,
  ExecutionRepository,
  FlowRepository,
  Repositories,
  RetentionRepository,
  TargetRepository,
} from '../../../src/repositories';
import { flowId, runId } from './explain-grown-database';

type Calls<Repository, Name extends string> = {
  readonly [Method in keyof Repository & string as `${Name}.${Method}`]: (
    at: Repositories,
  ) => Promise<unknown>;
};

/** One call for each public method, which sends each of its kinds of statements. A missing method is a type error. */
type AllCalls = Calls<FlowRepository, 'FlowRepository'> &
  Calls<ExecutionRepository, 'ExecutionRepository'> &
  Calls<DueFlowRepository, 'DueFlowRepository'> &
  Calls<RetentionRepository, 'RetentionRepository'> &
  Calls<TargetRepository, 'TargetRepository'>;

const today = 99;
const several = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => flowId(from + n));
const newFlow = (name: string) => ({
  name,
  flow_type: 'replication' as const,
  target_type: 'vm' as const,
  target_id: 'ctx-1',
  destination_type: 'ossea' as const,
  schedule_id: 'schedule-1',
});
const allStates = new Map([0, 2_000].map((job) => [`job-${job}`, 'completed' as const]));
const nothing = async (): Promise<void> => undefined;

const flowCalls: Calls<FlowRepository, 'FlowRepository'> = {
  'FlowRepository.withManager': nothing,
  'FlowRepository.create': ({ flows }) => flows.create(newFlow('Explained')),
  'FlowRepository.get': ({ flows }) => flows.get(flowId(7)),
  'FlowRepository.find': ({ flows }) => flows.find('not there'),
  'FlowRepository.findByName': ({ flows }) => flows.findByName('Flow 8'),
  async 'FlowRepository.list'({ flows }) {
    const filters = [
      {},
      { flow_type: 'backup' },
      { target_type: 'group' },
      { target_type: 'vm', target_id: 'ctx-8' },
      { target_id: 'ctx-8' },
      { enabled: true },
      { enabled: false },
      { schedule_id: 'schedule-3' },
      { schedule_id: null },
      { repository_id: 'repository-2' },
      { policy_id: 'policy-2' },
      { flow_type: 'backup', enabled: true, schedule_id: 'schedule-2' },
      { nameContains: 'low 12' },
      { last_execution_status: 'running' },
    ] as const;
    for (const filter of filters) {
      const page = await flows.list(filter, { limit: 10, total: true });
      if (page.next !== null) await flows.list(filter, { limit: 10, after: page.next });
    }
    const sorted = [
      [{}, 'name'],
      [{ nameContains: '12' }, 'name'],
      [{}, 'last_execution_time'],
      [{ last_execution_status: 'success' }, 'last_execution_time'],
      [{ enabled: true }, 'next_execution_time'],
      [{}, 'next_execution_time'],
      [{ schedule_id: 'schedule-3' }, 'name'],
    ] as const;
    for (const [filter, sort] of sorted)
      for (const order of ['asc', 'desc'] as const) {
        const page = { limit: 10, sort, order };
        const { next } = await flows.list(filter, page);
        await flows.list(filter, { ...page, after: next });
      }
  },
  async 'FlowRepository.update'({ flows }) {
    await flows.update(flowId(200), { description: 'explained' });
    await flows.update(flowId(200), { schedule_id: 'schedule-2', enabled: true });
    await flows.update(flowId(200), { schedule_id: null });
  },
  'FlowRepository.enable': ({ flows }) => flows.enable(flowId(219)),
  'FlowRepository.disable': ({ flows }) => flows.disable(flowId(219)),
  'FlowRepository.enableMany': ({ flows }) => flows.enableMany(several(230, 40)),
  'FlowRepository.disableMany': ({ flows }) => flows.disableMany(several(230, 40)),
  'FlowRepository.bulkExecute': ({ flows }) => flows.bulkExecute(several(240, 3)),
  'FlowRepository.bulkCancel': ({ flows }) => flows.bulkCancel([...several(50, 2), ...several(240, 3)]),
  'FlowRepository.delete': ({ flows }) => flows.delete(flowId(300)),
  'FlowRepository.deleteMany': ({ flows }) => flows.deleteMany(several(301, 3)),
  'FlowRepository.pause': ({ flows }) => flows.pause(flowId(210), { note: 'explained' }),
  'FlowRepository.listPaused': ({ flows }) => flows.listPaused(),
  'FlowRepository.resume': ({ flows }) => flows.resume(flowId(210)),
  async 'FlowRepository.pauseAfterFailures'({ flows, executions }) {
    await flows.pauseAfterFailures(flowId(211), 1);
    const run = await executions.start({ flow_id: flowId(211), execution_type: 'api' });
    await executions.finish(run.id, { status: 'error' });
  },
  'FlowRepository.backfill': ({ flows }) =>
    flows.backfill(flowId(200), { from: new Date(Date.now() - 86_400_000), to: new Date(), limit: 1_000 }),
  async 'FlowRepository.report'({ flows }) {
    const window = { from: new Date(Date.now() - 3 * 86_400_000), to: new Date() };
    await flows.report(window);
    await flows.report({ ...window, by: 'flow' });
  },
  'FlowRepository.reportCsv': ({ flows }) =>
    flows.reportCsv({ from: new Date(Date.now() - 3 * 86_400_000), to: new Date() }),
  'FlowRepository.summary': ({ flows }) => flows.summary({ timeZone: 'Europe/Berlin' }),
};

const day = (ago: number): Date => new Date(Date.now() - ago * 86_400_000);

const executionCalls: Calls<ExecutionRepository, 'ExecutionRepository'> = {
  'ExecutionRepository.withManager': nothing,
  async 'ExecutionRepository.start'({ executions }) {
    const started = await executions.start({ id: 'started', flow_id: flowId(400), execution_type: 'api' });
    await executions.start({ id: started.id, flow_id: flowId(400), execution_type: 'api' });
    await executions.start({ flow_id: flowId(400), execution_type: 'api' }).catch(() => undefined);
  },
  async 'ExecutionRepository.enqueue'({ executions }) {
    await executions.enqueue({ id: 'queued', flow_id: flowId(401), execution_type: 'api' });
    await executions.enqueue({ id: 'queued', flow_id: flowId(401), execution_type: 'api' });
  },
  async 'ExecutionRepository.begin'({ executions }) {
    await executions.begin(runId(50, today));
    await executions.begin(runId(50, today));
  },
  'ExecutionRepository.get': ({ executions }) => executions.get(runId(7, 7)),
  'ExecutionRepository.find': ({ executions }) => executions.find('not there'),
  'ExecutionRepository.recordJobs': ({ executions }) =>
    executions.recordJobs(runId(1, today), ['job-9'], { more: true }),
  async 'ExecutionRepository.progress'({ executions }) {
    await executions.progress(runId(1, today), { jobs_completed: 1, execution_metadata: { step: 2 } });
    await executions.progress(runId(400, 3));
    await executions.progress(several(0, 500));
  },
  async 'ExecutionRepository.finish'({ executions }) {
    await executions.finish(runId(2, today), { status: 'success', jobs_completed: 3 });
    await executions.finish(runId(2, today), { status: 'success' });
  },
  'ExecutionRepository.cancel': ({ executions }) => executions.cancel(runId(51, today)),
  'ExecutionRepository.acknowledge': ({ executions }) => executions.acknowledge(runId(51, today)),
  async 'ExecutionRepository.settle'({ executions }) {
    await executions.settle(runId(3, today));
    await executions.settle(runId(0, today), allStates);
  },
  'ExecutionRepository.latest': ({ executions }) => executions.latest(several(500, 500)),
  async 'ExecutionRepository.history'({ executions }) {
    const { next } = await executions.history(flowId(500));
    await executions.history(flowId(500), { after: next, limit: 100 });
    await executions.history(flowId(500), { offset: 20, total: true });
  },
  async 'ExecutionRepository.list'({ executions }) {
    const filters = [
      {},
      { status: 'error' },
      { status: ['success', 'error'] },
      { status: ['error', 'warning'], startedFrom: day(3) },
      { status: ['running', 'pending'] },
      { status: 'pending' },
      { flow_id: flowId(500) },
      { flow_id: flowId(500), status: 'success' },
      { execution_type: 'scheduled', startedFrom: day(30), startedBefore: day(29) },
    ] as const;
    for (const filter of filters) {
      const { next } = await executions.list(filter, { limit: 10, total: true });
      if (next !== null) await executions.list(filter, { limit: 10, after: next });
    }
  },
  'ExecutionRepository.listRunning': ({ executions }) => executions.listRunning(),
  'ExecutionRepository.findRunningByJob': ({ executions }) => executions.findRunningByJob('job-5'),
  'ExecutionRepository.reapStale': ({ executions }) =>
    executions.reapStale({ silenceMs: 1_000, withoutSignOfLifeMs: 1_000, limit: 3 }),
};

const dueCalls: Calls<DueFlowRepository, 'DueFlowRepository'> = {
  'DueFlowRepository.withManager': nothing,
  async 'DueFlowRepository.claimDue'({ dueFlows }) {
    await dueFlows.claimDue({ worker: 'explained', limit: 20 });
    await dueFlows.claimDue({ worker: 'explained', limit: 20, perRepository: 100 });
    await dueFlows.claimDue({ worker: 'explained', limit: 1_000, overlap: 'queue', now: new Date() });
  },
  async 'DueFlowRepository.claimQueued'({ dueFlows }) {
    await dueFlows.claimQueued({ worker: 'explained', limit: 5 });
    await dueFlows.claimQueued({ worker: 'explained', limit: 5, perRepository: 100 });
  },
  async 'DueFlowRepository.plan'({ flows, dueFlows }) {
    await flows.create({ ...newFlow('Chained'), schedule_id: 'schedule-20' });
    await dueFlows.plan();
  },
  async 'DueFlowRepository.audit'({ dueFlows }) {
    const window = { since: day(30), until: day(29) };
    const { next } = await dueFlows.audit({ ...window, limit: 2 });
    await dueFlows.audit({ ...window, limit: 2, after: next });
    await dueFlows.audit({ ...window, flow_id: flowId(500) });
  },
  'DueFlowRepository.replan': ({ dueFlows }) => dueFlows.replan('schedule-4'),
};

const retentionCalls: Calls<RetentionRepository, 'RetentionRepository'> = {
  'RetentionRepository.withManager': nothing,
  async 'RetentionRepository.prune'({ retention }) {
    // A whole prune repeats its statements for each of 2,000 flows, so the test stops it after the first few
    const some = (options: Parameters<RetentionRepository['prune']>[0]): Promise<unknown> => {
      const stop = new AbortController();
      let batches = 0;
      const onProgress = (): void => {
        if ((batches += 1) === 4) stop.abort();
      };
      return retention.prune({ ...options, signal: stop.signal, onProgress });
    };
    await some({ olderThanMs: 97 * 86_400_000, dryRun: true });
    await some({ keepPerFlow: 90, dryRun: true });
    await some({ olderThanMs: 97 * 86_400_000, keepPerFlow: 95, batchSize: 2 });
  },
  async 'RetentionRepository.recount'({ retention }) {
    const stop = new AbortController();
    await retention.recount({ signal: stop.signal, onProgress: () => stop.abort() });
  },
  'RetentionRepository.deleteFlows': ({ retention }) =>
    retention.deleteFlows([flowId(310)], { batchSize: 40 }),
};

const targetCalls: Calls<TargetRepository, 'TargetRepository'> = {
  'TargetRepository.withManager': nothing,
  async 'TargetRepository.resolve'({ targets }) {
    await targets.resolve({ target_type: 'vm', target_id: 'ctx-1' });
    await targets.resolve({ target_type: 'group', target_id: 'group-1' });
  },
  'TargetRepository.withoutFullBackup': ({ targets }) =>
    targets.withoutFullBackup(['ctx-1', 'ctx-2', 'ctx-4'], 'repository-4'),
  async 'TargetRepository.check'({ targets }) {
    await targets.check(flowId(8));
    await targets.check(flowId(9));
  },
  async 'TargetRepository.machines'({ targets }) {
    await targets.machines(flowId(8));
    await targets.machines(flowId(9));
  },
};

/** A call for every public method of the repositories. */
export const calls: AllCalls = {
  ...flowCalls,
  ...executionCalls,
  ...dueCalls,
  ...retentionCalls,
  ...targetCalls,
};
