import type { ExecutionRow, FlowRow } from '../../../src/entities';
import type { Repositories } from '../../../src/repositories';
import { createBackupJob, createSchedule } from '../../../src/testing';
import type { Queryable } from '../../../src/engine/server/queryable';
import { toItsEnd, type HubWork, type PlatformHub } from '../../support/platform-hub';

/** What a sequence works on: a new flow without runs. */
export interface Stage extends Repositories {
  readonly flowId: string;
  readonly hub: PlatformHub;
  /** A session of this package's own. */
  readonly ours: Queryable;
}

/** The expected state after a sequence; parts that are left out are not checked. */
export interface Scene {
  readonly flow?: Partial<FlowRow>;
  /** The run that the sequence returns. */
  readonly run?: Partial<ExecutionRow>;
  /** The flow's next time, without the year. */
  readonly next?: string;
  /** How many runs of the flow are under way. */
  readonly running?: number;
}

/** One order in which the hub and this package write. */
export interface Sequence {
  readonly name: string;
  /** Performs the writes in their order, and returns the id of the run in question. */
  play(stage: Stage): Promise<string>;
  /** The correct state: with guards, and without guards after a recount. */
  readonly right: Scene;
  /** The state without guards, if the statistics are wrong: verify reports them, and a recount corrects them. */
  readonly wrong?: Scene;
  /** The state without guards, if the hub harms the run itself, which no recount can undo. */
  readonly harm?: Scene & {
    /** True if verify reports the harm. */
    readonly isTold?: boolean;
  };
}

const counts = (total: number, successful: number, failed: number, status: string): Partial<FlowRow> =>
  ({
    total_executions: total,
    successful_executions: successful,
    failed_executions: failed,
    last_execution_status: status,
  }) as Partial<FlowRow>;

const job = async ({ ours }: Stage, status: string): Promise<string> =>
  (await createBackupJob(ours, { status })).id;

/** Lets the hub's work continue to its next place, and returns the id of its run. */
async function goOn(work: HubWork): Promise<string> {
  const { value } = await work.next();
  return String(value);
}

/** Lets the hub start a run with one job in that state, until the start has ended. */
async function hubsRun(stage: Stage, status: string): Promise<string> {
  return toItsEnd(stage.hub.start(stage.flowId, { jobs: [await job(stage, status)] }));
}

async function ourRun({ executions, flowId }: Stage): Promise<string> {
  return (await executions.start({ flow_id: flowId, execution_type: 'manual' })).id;
}

/** Orders of writes of both programs to one database, as seen on real ones. */
export const sequences: readonly Sequence[] = [
  {
    name: 'the hub starts a run, and we settle it',
    async play(stage) {
      const run = await hubsRun(stage, 'completed');
      await stage.executions.settle(run);
      return run;
    },
    right: { flow: counts(1, 1, 0, 'success'), run: { status: 'success' } },
  },
  {
    name: 'the hub starts a run, and we settle it before the hub has counted it',
    async play(stage) {
      const start = stage.hub.start(stage.flowId, { jobs: [await job(stage, 'completed')] });
      const run = await goOn(start);
      await goOn(start);
      await stage.executions.settle(run);
      await toItsEnd(start);
      return run;
    },
    right: { flow: counts(1, 1, 0, 'success'), run: { status: 'success' } },
    wrong: { flow: counts(1, 0, 0, 'running') },
  },
  {
    name: 'the hub can not start the jobs of a run',
    play: ({ hub, flowId }) => toItsEnd(hub.start(flowId, { failing: 2 })),
    right: { flow: counts(1, 0, 1, 'error'), run: { status: 'error' } },
  },
  {
    name: 'the hub reads the statistics, three of our runs begin and end, and the hub writes what it has read',
    async play(stage) {
      const run = await hubsRun(stage, 'completed');
      const monitor = stage.hub.monitor();
      for (let place = 0; place < 3; place += 1) await goOn(monitor);
      for (let ours = 0; ours < 3; ours += 1)
        await stage.executions.finish(await ourRun(stage), { status: 'success' });
      await toItsEnd(monitor);
      return run;
    },
    right: { flow: counts(4, 4, 0, 'success'), run: { status: 'success' } },
    wrong: { flow: counts(1, 1, 0, 'success') },
  },
  {
    name: 'the hub and we end the same run',
    async play(stage) {
      const run = await hubsRun(stage, 'completed');
      const monitor = stage.hub.monitor();
      await goOn(monitor);
      await stage.executions.settle(run);
      await toItsEnd(monitor);
      return run;
    },
    right: { flow: counts(1, 1, 0, 'success'), run: { status: 'success' } },
    wrong: { flow: counts(1, 2, 0, 'success') },
  },
  {
    name: 'an older run ends late, while another one is under way',
    async play(stage) {
      const run = await hubsRun(stage, 'completed');
      const monitor = stage.hub.monitor();
      for (let place = 0; place < 2; place += 1) await goOn(monitor);
      await ourRun(stage);
      await toItsEnd(monitor);
      return run;
    },
    right: { flow: counts(2, 1, 0, 'running'), run: { status: 'success' }, running: 1 },
    wrong: { flow: counts(2, 1, 0, 'success') },
  },
  {
    name: 'we cancel a run that the hub is about to end',
    async play(stage) {
      const run = await hubsRun(stage, 'completed');
      const monitor = stage.hub.monitor();
      await goOn(monitor);
      await stage.executions.cancel(run);
      await toItsEnd(monitor);
      return run;
    },
    right: { flow: counts(1, 0, 0, 'cancelled'), run: { status: 'cancelled' } },
    harm: { flow: counts(1, 1, 0, 'success'), run: { status: 'success' } },
  },
  {
    name: 'we cancel a run whose jobs the hub is asking for',
    async play(stage) {
      const start = stage.hub.start(stage.flowId, { jobs: [await job(stage, 'running')] });
      const run = await goOn(start);
      await stage.executions.cancel(run);
      await toItsEnd(start);
      return run;
    },
    right: { flow: counts(1, 0, 0, 'cancelled'), run: { status: 'cancelled' }, running: 0 },
    harm: { flow: counts(1, 0, 0, 'running'), run: { status: 'running' }, running: 1, isTold: true },
  },
  {
    name: 'the monitor of the hub sees our run after its first job has ended',
    async play(stage) {
      const run = await ourRun(stage);
      await stage.executions.recordJobs(run, [await job(stage, 'completed')], { more: true });
      await toItsEnd(stage.hub.monitor());
      return run;
    },
    right: { flow: counts(1, 0, 0, 'running'), run: { status: 'running' } },
    harm: { flow: counts(1, 1, 0, 'success'), run: { status: 'success' } },
  },
  {
    name: 'the monitor of the hub sees our run before a job is recorded',
    async play(stage) {
      const run = await ourRun(stage);
      await toItsEnd(stage.hub.monitor());
      return run;
    },
    right: { flow: counts(1, 0, 0, 'running'), run: { status: 'running' } },
    harm: { flow: counts(1, 1, 0, 'success'), run: { status: 'success' } },
  },
  {
    name: 'we start a run, and the hub starts another one of the same flow',
    async play(stage) {
      const run = await ourRun(stage);
      await toItsEnd(stage.hub.start(stage.flowId, { jobs: [await job(stage, 'running')] }));
      return run;
    },
    right: { flow: counts(1, 0, 0, 'running'), running: 1 },
    harm: { flow: counts(2, 0, 0, 'running'), running: 2, isTold: true },
  },
  {
    name: 'the hub gives a flow another schedule',
    async play(stage) {
      const schedule = async (cron_expression: string): Promise<string> =>
        (await createSchedule(stage.ours, { cron_expression, timezone: 'UTC' })).id;
      await stage.flows.update(stage.flowId, { schedule_id: await schedule('0 0 1 1 *') });
      await stage.hub.editFlow(stage.flowId, { schedule_id: await schedule('0 12 25 6 *') });
      await stage.dueFlows.plan();
      return '';
    },
    right: { next: '-06-25T12:00:00.000Z' },
    // plan() notices it without guards, too
    harm: { next: '-06-25T12:00:00.000Z' },
  },
];
