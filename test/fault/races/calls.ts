import fc from 'fast-check';
import type { ExecutionStatus, JobStatus, TerminalStatus } from '../../../src/domain';
import { isProtectionFlowsError } from '../../../src/errors';
import type { Repositories } from '../../../src/repositories';
import { flowId, jobId, runId, runNames, silenceMs } from './world';

type RunName = (typeof runNames)[number];

/** One call to the data layer. It names flows and runs by number, so that it stays valid when shrinking removes others. */
export type Call =
  | { readonly do: 'start' | 'enqueue'; readonly flow: number; readonly run: 'new-0' | 'new-1' }
  | { readonly do: 'begin' | 'cancel' | 'acknowledge'; readonly flow: number; readonly run: RunName }
  | {
      readonly do: 'recordJobs';
      readonly flow: number;
      readonly run: RunName;
      readonly jobs: readonly number[];
      readonly more: boolean;
    }
  | { readonly do: 'progress'; readonly flow: number; readonly run: RunName; readonly completed: number }
  | {
      readonly do: 'finish';
      readonly flow: number;
      readonly run: RunName;
      readonly status: TerminalStatus;
      readonly isRetried: boolean;
    }
  | { readonly do: 'settle'; readonly flow: number; readonly run: RunName; readonly state: JobStatus }
  | { readonly do: 'claimDue'; readonly overlap: 'skip' | 'queue'; readonly fair: boolean }
  | { readonly do: 'claimQueued'; readonly fair: boolean }
  | { readonly do: 'reap' | 'plan' | 'recount' }
  | { readonly do: 'prune'; readonly keep: number }
  | { readonly do: 'pause' | 'resume' | 'delete' | 'enable' | 'disable'; readonly flow: number }
  | { readonly do: 'bulkExecute' | 'bulkCancel'; readonly flows: readonly number[] };

// Most calls use the same flow and its running run
const flow = fc.constantFrom(0, 0, 0, 1);
const run = fc.constantFrom<RunName>('running', 'queued-0', 'running', 'queued-0', ...runNames);
const made = fc.constantFrom('new-0' as const, 'new-0' as const, 'new-1' as const);
const job = fc.nat({ max: 3 });
const status = fc.constantFrom<TerminalStatus>('success', 'error', 'warning', 'cancelled');
const fair = fc.boolean();

/** Any call that the platform's programs or a worker make. */
export const calls: fc.Arbitrary<Call> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('start', 'start', 'enqueue'), flow, run: made }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('begin', 'begin', 'cancel', 'acknowledge'), flow, run }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('recordJobs' as const),
      flow,
      run,
      jobs: fc.array(job, { maxLength: 2 }),
      more: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('progress' as const), flow, run, completed: fc.nat({ max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('finish' as const), flow, run, status, isRetried: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      flow,
      run,
      state: fc.constantFrom<JobStatus>('completed', 'completed', 'failed', 'running'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('claimDue' as const),
      overlap: fc.constantFrom('skip' as const, 'queue' as const),
      fair,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('claimQueued' as const), fair }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('reap', 'plan', 'recount') }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('prune' as const), keep: fc.integer({ min: 1, max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume', 'delete', 'enable', 'disable'), flow }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('bulkExecute', 'bulkCancel'),
      flows: fc.uniqueArray(fc.nat({ max: 1 }), { minLength: 1, maxLength: 2 }),
    }),
  },
);

/** The parts of a call's answer that can be checked. */
export interface Answer {
  /** The call's answer, if it is true or false. */
  readonly did?: boolean | undefined;
  /** The runs that the call made according to its answer, with their status. */
  readonly made?: readonly { readonly id: string; readonly status: ExecutionStatus }[];
  /** The runs that it began. */
  readonly begun?: readonly string[];
  readonly ended?: readonly string[];
  /** The flows whose due time it decided: with a run, or with a skip. */
  readonly decided?: readonly string[];
  readonly skipped?: readonly string[];
  /** The code of its error. */
  readonly refused?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The connection was lost, so whether the call took effect is unknown. */
  readonly isUnknown?: true;
  readonly error?: unknown;
}

const lost = ['CONNECTION_LOST', 'CONNECTION_REFUSED', 'CONNECTION_TIMEOUT'];

/** Makes the call. Never rejects. */
export async function perform(repositories: Repositories, call: Call): Promise<Answer> {
  try {
    return await ask(repositories, call);
  } catch (error) {
    if (!isProtectionFlowsError(error)) return { refused: 'none of this package', error };
    const { code } = error;
    const details = error.details as Readonly<Record<string, unknown>>;
    return lost.includes(code) ? { isUnknown: true, error } : { refused: code, details, error };
  }
}

/** The id of the run that a call names; null if it names none. */
export const subjectOf = (call: Call): string | null => ('run' in call ? runId(call.flow, call.run) : null);

const perRepository = (isFair: boolean): { perRepository?: number } => (isFair ? { perRepository: 2 } : {});

async function ask({ executions, flows, dueFlows, retention }: Repositories, call: Call): Promise<Answer> {
  const id = subjectOf(call)!;
  const ends = (did: boolean): Answer => ({ did, ended: did ? [id] : [] });
  switch (call.do) {
    case 'start':
    case 'enqueue': {
      const made = await executions[call.do]({ id, flow_id: flowId(call.flow), execution_type: 'api' });
      return { made: [{ id: made.id, status: made.status }] };
    }
    case 'begin': {
      const did = await executions.begin(id);
      return { did, begun: did ? [id] : [] };
    }
    case 'cancel':
      return ends(await executions.cancel(id));
    case 'acknowledge':
      return { did: await executions.acknowledge(id) };
    case 'recordJobs':
      return { did: await executions.recordJobs(id, call.jobs.map(jobId), { more: call.more }) };
    case 'progress':
      return { did: await executions.progress(id, { vms_processed: call.completed }) };
    case 'finish': {
      const retry = call.isRetried ? { attempts: 3, delayMs: 0 } : undefined;
      return ends(await executions.finish(id, { status: call.status }, { retry }));
    }
    case 'settle': {
      const states = new Map([0, 1, 2, 3].map((one) => [jobId(one), call.state]));
      return ends((await executions.settle(id, states)).settled);
    }
    case 'reap':
      return { ended: await executions.reapStale({ silenceMs }) };
    case 'claimDue': {
      const { overlap, fair } = call;
      const result = await dueFlows.claimDue({ worker: 'w', overlap, ...perRepository(fair) });
      const taken = [...result.claimed, ...result.queued];
      const skipped = result.skipped.map((one) => one.flowId);
      return {
        made: taken.map(({ execution }) => ({ id: execution.id, status: execution.status })),
        decided: [...taken.map(({ flow }) => flow.id), ...skipped],
        skipped,
      };
    }
    case 'claimQueued': {
      const claimed = await dueFlows.claimQueued({ worker: 'w', ...perRepository(call.fair) });
      return { begun: claimed.map(({ execution }) => execution.id) };
    }
    case 'plan':
      await dueFlows.plan();
      return {};
    case 'recount':
      return { did: (await retention.recount()).ok };
    case 'prune':
      return { did: (await retention.prune({ keepPerFlow: call.keep, pauseMs: 0, batchSize: 1 })).ok };
    case 'resume':
      return { did: await flows.resume(flowId(call.flow)) };
    case 'pause':
    case 'delete':
    case 'enable':
    case 'disable':
      await flows[call.do](flowId(call.flow));
      return { did: true };
    case 'bulkExecute':
    case 'bulkCancel': {
      const { results } = await flows[call.do](call.flows.map(flowId));
      const failed = results.find(({ error }) => error !== undefined && error.code !== 'FLOW_NOT_FOUND');
      const ids = results.flatMap(({ executionIds = [] }) => executionIds);
      const isUnknown =
        failed !== undefined && lost.includes(failed.error!.code) ? { isUnknown: true as const } : {};
      const refused = failed === undefined || 'isUnknown' in isUnknown ? {} : { refused: failed.error!.code };
      return call.do === 'bulkCancel'
        ? { ended: ids, ...isUnknown, ...refused }
        : { made: ids.map((one) => ({ id: one, status: 'pending' as const })), ...isUnknown, ...refused };
    }
  }
}
