import type { ExecutionRow, FlowRow } from '../../../src/entities';
import type { Repositories } from '../../../src/repositories';
import { createBackupJob, createSchedule } from '../../../src/testing';
import type { Queryable } from '../../../src/engine/server/queryable';
import { toItsEnd, type HubWork, type PlatformHub } from '../../support/platform-hub';

/** Where a sequence is played: a flow of its own, without runs. */
export interface Stage extends Repositories {
  readonly flowId: string;
  readonly hub: PlatformHub;
  /** A session of this package's own. */
  readonly ours: Queryable;
}

/** What is there after a sequence, as far as it tells. */
export interface Scene {
  readonly flow?: Partial<FlowRow>;
  /** The run that the sequence gives. */
  readonly run?: Partial<ExecutionRow>;
  /** The end of the flow's next time, behind the year. */
  readonly next?: string;
  /** How many runs of the flow are under way. */
  readonly running?: number;
}

/** One order in which the hub and this package write. */
export interface Sequence {
  readonly name: string;
  /** Plays it, and gives the run that it is about. */
  play(stage: Stage): Promise<string>;
  /** With guards, and after a recount: what both programs mean. */
  readonly right: Scene;
  /** Without guards, where the statistics are wrong then: verify tells, and a recount makes them right. */
  readonly wrong?: Scene;
  /** Without guards, where it is the run that the hub harms, which no recount can undo. */
  readonly harm?: Scene & {
    /** Verify tells of it. */
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

/** Lets work go on to its next place, and gives the run that it is at. */
async function goOn(work: HubWork): Promise<string> {
  const { value } = await work.next();
  return String(value);
}

/** A run of the hub's whose one job is in that state, and whose start is over. */
async function hubsRun(stage: Stage, status: string): Promise<string> {
  return toItsEnd(stage.hub.start(stage.flowId, { jobs: [await job(stage, status)] }));
}

async function ourRun({ executions, flowId }: Stage): Promise<string> {
  return (await executions.start({ flow_id: flowId, execution_type: 'manual' })).id;
}

/** What was seen when both worked on one database, one after the other. */
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
    name: 'both end one run',
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
    name: 'its monitor sees our run, of whose jobs the first is over',
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
    name: 'its monitor sees our run, of which no job is recorded yet',
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
