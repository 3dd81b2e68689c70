import { auditOptions } from './arguments-of-audit';
import { backfillWindow } from './arguments-of-backfill';
import { pauseArguments } from './arguments-of-pauses';
import type { Argument } from '../../support/hostile-calls';
import type { HostileTitle } from '../../support/hostile-values';
import { changeableColumns } from '../../../src/repositories/flows/write-flow';
import {
  left,
  none,
  objects,
  emptyObjects,
  visible,
  anId,
  lines,
  flag,
  fromZero,
  fromOne,
  lists,
  callback,
  id,
  ids,
  options,
  type RightIds,
} from './argument-shapes';

const changeable = {
  name: [...left, ...visible],
  description: [...none, ...lines],
  flow_type: left,
  target_type: left,
  target_id: [...left, ...anId],
  repository_id: [...none, ...anId],
  policy_id: [...none, ...anId],
  destination_type: none,
  destination_config: [...none, ...objects],
  schedule_id: [...none, ...anId],
  enabled: [...left, ...flag],
} satisfies Record<(typeof changeableColumns)[number], readonly HostileTitle[]>;

const retrying: Argument = options({ retry: left });

const required = { name: visible, flow_type: [], target_type: [], target_id: anId } as const;

const counts = {
  jobs_completed: [...left, ...fromZero],
  jobs_failed: [...left, ...fromZero],
  jobs_skipped: [...left, ...fromZero],
  vms_processed: [...left, ...fromZero],
  bytes_transferred: [...left, ...fromZero],
  execution_metadata: [...none, ...objects],
} satisfies Record<string, readonly HostileTitle[]>;

const newRun = (flow_id: string): Argument => ({
  name: 'input',
  right: { flow_id, execution_type: 'manual' },
  takes: [],
  fields: {
    id: [...left, ...visible],
    flow_id: anId,
    execution_type: [],
    triggered_by: [...left, ...visible],
    schedule_execution_id: [...none, ...anId],
    execution_metadata: [...none, ...objects],
  },
});

const watched = { signal: left, onProgress: callback };
const batch = {
  batchSize: [...left, ...fromOne],
  pauseMs: [...left, ...fromZero],
  ...watched,
} satisfies Record<string, readonly HostileTitle[]>;

const report = options(
  { from: ['a Date'], to: ['a Date'], by: left, timeZone: left },
  { from: new Date('2025-12-31T00:00:00Z'), to: new Date('2026-01-02T00:00:00Z') },
  { takes: [] },
);

const limit = { limit: [...left, ...fromOne] };
const manager: Argument = { name: 'manager', right: undefined, takes: [] };

/** The arguments of every public method of the repositories. */
export const argumentsOf: Readonly<Record<string, (right: RightIds) => readonly Argument[]>> = {
  'FlowRepository.withManager': () => [manager],
  'FlowRepository.create': () => [
    {
      name: 'input',
      right: {
        name: 'A right one',
        flow_type: 'replication',
        target_type: 'vm',
        target_id: 'ctx-1',
        destination_type: 'ossea',
      },
      takes: [],
      fields: {
        ...changeable,
        ...required,
        destination_type: [],
        id: [...left, ...visible],
        created_by: [...left, ...visible],
      },
    },
  ],
  'FlowRepository.get': ({ flow }) => [id(flow)],
  'FlowRepository.find': ({ flow }) => [id(flow)],
  'FlowRepository.findByName': () => [{ name: 'name', right: 'Flow', takes: visible }],
  'FlowRepository.list': () => [
    options(
      {
        ...{ flow_type: left, target_type: left, target_id: [...left, ...anId], enabled: [...left, ...flag] },
        ...{
          schedule_id: [...none, ...anId],
          repository_id: [...none, ...anId],
          policy_id: [...none, ...anId],
        },
        last_execution_status: left,
        nameContains: [...left, ...anId, 'a blank'],
      },
      {},
      { name: 'filter' },
    ),
    options(
      { limit: [...none, ...fromOne], after: none, total: [...left, ...flag], sort: left, order: left },
      { limit: 1 },
      { name: 'page' },
    ),
  ],
  'FlowRepository.update': ({ flow }) => [
    id(flow),
    options(changeable, { name: 'A new name' }, { name: 'changes', takes: emptyObjects }),
  ],
  'FlowRepository.enable': ({ flow }) => [id(flow)],
  'FlowRepository.disable': ({ flow }) => [id(flow)],
  'FlowRepository.enableMany': ({ flow }) => [ids([flow])],
  'FlowRepository.disableMany': ({ flow }) => [ids([flow])],
  'FlowRepository.deleteMany': ({ flow }) => [ids([flow])],
  'FlowRepository.delete': ({ flow }) => [id(flow)],
  'FlowRepository.bulkExecute': ({ flow }) => [
    ids([flow]),
    options({ execution_type: left, triggered_by: [...left, ...visible] }, {}, { name: 'run' }),
  ],
  'FlowRepository.bulkCancel': ({ flow }) => [
    ids([flow]),
    { name: 'reason', right: 'not today', takes: [...none, ...lines] },
  ],
  'FlowRepository.backfill': ({ flow }) => [id(flow), backfillWindow],
  ...pauseArguments,
  'FlowRepository.report': () => [report],
  'FlowRepository.reportCsv': () => [report],
  'FlowRepository.summary': () => [
    options({ timeZone: left, now: [...left, 'a Date'] }, { timeZone: 'UTC' }),
  ],

  'ExecutionRepository.withManager': () => [manager],
  'ExecutionRepository.start': ({ flow }) => [newRun(flow)],
  'ExecutionRepository.enqueue': ({ flow }) => [newRun(flow)],
  'ExecutionRepository.begin': ({ run }) => [id(run)],
  'ExecutionRepository.get': ({ run }) => [id(run)],
  'ExecutionRepository.find': ({ run }) => [id(run)],
  'ExecutionRepository.recordJobs': ({ run }) => [
    id(run),
    ids(['job-1'], 'jobIds'),
    options({ more: [...left, ...flag], expected: [...left, ...fromZero] }),
  ],
  'ExecutionRepository.progress': ({ run }) => [
    // A list means flows, whose runs are read; a fault in it is named flowIds
    { ...id(run), takes: [...anId, ...lists], fields: {}, open: true },
    options(counts, {}, { name: 'counts', takes: [...left, ...emptyObjects] }),
  ],
  'ExecutionRepository.finish': ({ run }) => [
    id(run),
    options(
      { ...counts, status: [], error_message: [...none, ...lines] },
      { status: 'error' },
      { name: 'outcome', takes: [] },
    ),
    retrying,
  ],
  'ExecutionRepository.cancel': ({ run }) => [
    id(run),
    { name: 'reason', right: 'not today', takes: [...none, ...lines] },
  ],
  'ExecutionRepository.acknowledge': ({ run }) => [id(run)],
  'ExecutionRepository.settle': ({ run }) => [
    id(run),
    { name: 'states', right: new Map([['job-1', 'completed']]), takes: [...left, 'a Map'] },
    retrying,
  ],
  'ExecutionRepository.latest': ({ flow }) => [ids([flow], 'flowIds')],
  'ExecutionRepository.history': ({ flow }) => [
    id(flow, 'flowId'),
    options(
      { ...limit, after: none, offset: [...left, ...fromZero], total: [...left, ...flag] },
      {},
      { name: 'page' },
    ),
  ],
  'ExecutionRepository.list': () => [
    options(
      {
        status: left,
        flow_id: [...left, ...anId],
        execution_type: left,
        ...{ startedFrom: [...left, 'a Date'], startedBefore: [...left, 'a Date'] },
      },
      {},
      { name: 'filter' },
    ),
    options({ ...limit, after: none, total: [...left, ...flag] }, {}, { name: 'page' }),
  ],
  'ExecutionRepository.listRunning': () => [options(limit)],
  'ExecutionRepository.findRunningByJob': () => [{ name: 'jobId', right: 'job-1', takes: anId }],
  'ExecutionRepository.reapStale': () => [
    options(
      { ...limit, silenceMs: fromOne, withoutSignOfLifeMs: [...left, ...fromOne], retry: left },
      { silenceMs: 60_000 },
      { takes: [] },
    ),
  ],

  'DueFlowRepository.withManager': () => [manager],
  'DueFlowRepository.claimDue': () => [
    options(
      {
        ...{ ...limit, perRepository: [...left, ...fromOne], worker: visible, overlap: left, missed: left },
        ...{ missedAfterMs: [...left, ...fromZero], now: [...left, 'a Date'] },
      },
      { worker: 'worker-1' },
      { takes: [] },
    ),
  ],
  'DueFlowRepository.claimQueued': () => [
    options(
      { ...limit, perRepository: [...left, ...fromOne], worker: visible },
      { worker: 'worker-1' },
      { takes: [] },
    ),
  ],
  'DueFlowRepository.plan': () => [options({ now: [...left, 'a Date'] })],
  'DueFlowRepository.audit': ({ flow }) => [auditOptions(flow, limit.limit)],
  'DueFlowRepository.replan': ({ schedule }) => [id(schedule, 'scheduleId')],

  'RetentionRepository.withManager': () => [manager],
  'RetentionRepository.prune': () => [
    options(
      { ...batch, olderThanMs: fromZero, keepPerFlow: [...left, ...fromOne], dryRun: [...left, ...flag] },
      { olderThanMs: 86_400_000 },
      { takes: [] },
    ),
  ],
  'RetentionRepository.recount': () => [
    options({ dryRun: [...left, ...flag], batchSize: [...left, ...fromOne], ...watched }),
  ],
  'RetentionRepository.deleteFlows': ({ flow }) => [ids([flow]), options(batch)],

  'TargetRepository.withManager': () => [manager],
  'TargetRepository.resolve': () => [
    {
      name: 'flow',
      right: { target_type: 'vm', target_id: 'ctx-1', name: 'Flow' },
      takes: [],
      fields: { target_type: [], target_id: anId },
      open: true,
    },
  ],
  'TargetRepository.withoutFullBackup': ({ repository }) => [
    ids(['ctx-1'], 'vmContextIds'),
    id(repository, 'repositoryId'),
  ],
  'TargetRepository.check': ({ flow }) => [id(flow, 'flowId')],
  'TargetRepository.machines': ({ flow }) => [
    id(flow, 'flowId'),
    options({ runs: [...left, ...fromOne], stalledAfterMs: [...left, ...fromOne] }),
  ],
};
