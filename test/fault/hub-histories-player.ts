import { uuidv7 } from 'uuidv7';
import type { Queryable } from '../../src/engine/server/queryable';
import { isLostToAnother } from '../../src/errors';
import type { Repositories } from '../../src/repositories';
import { toItsEnd, type HubWork, type PlatformHub } from '../support/platform-hub';
import { addPruned, storedRuns, wrongFlows, type Counted, type StoredRun } from '../support/recomputation';
import { insertFlows } from './claims-flows';
import type { SharedHistory, SharedOperation, SharedStep } from './hub-histories-operations';
import { Caller, type Call } from './random-histories-calls';

/** The database of both programs. Nobody else writes to it meanwhile. */
export interface SharedDatabase {
  readonly repositories: Repositories;
  /** A session of this package. */
  readonly ours: Queryable;
  /** A session that only reads. */
  readonly reader: Queryable;
  readonly hub: PlatformHub;
  /** The schedule of the flows. */
  readonly scheduleId: string;
}

const refusals = [
  'FLOW_STILL_RUNNING',
  'TRANSITION_REFUSED',
  'FLOW_NOT_FOUND',
  'EXECUTION_NOT_FOUND',
  'ID_TAKEN',
];

/** True for an ended run: no other program may change its status. */
const isOver = ({ status }: StoredRun): boolean => status !== 'pending' && status !== 'running';

interface Made {
  readonly id: string;
  readonly flow: number;
  /** True: made by `start` of this package; false: by `enqueue`. */
  readonly wasStarted: boolean;
}

/** Plays a history of this package and the hub on new flows. */
export class SharedPlayer {
  private flows: string[] = [];
  private runs: Made[] = [];
  private works: HubWork[] = [];
  private pruned: Map<string, Counted> = new Map();
  private seen = new Map<string, StoredRun>();
  private readonly caller: Caller;

  constructor(
    private readonly database: SharedDatabase,
    private readonly history: SharedHistory,
    /** True with guards: no row may be wrong after any step, and ended runs must not change. */
    private readonly isGuarded: boolean,
  ) {
    this.caller = new Caller(database.repositories.executions, database.ours, refusals);
  }

  /** Plays the steps. Then the hub finishes its works, or dies. */
  async play(): Promise<void> {
    const { ours } = this.database;
    await ours.query("UPDATE backup_jobs SET status = 'running', last_telemetry_at = CURRENT_TIMESTAMP");
    this.flows = await insertFlows(ours, { prefix: `s-${uuidv7()}-`, count: this.history.flows });
    for (const [n, step] of this.history.steps.entries())
      await this.take(step).catch((error: Error) => {
        throw new Error(`step ${n + 1}, ${JSON.stringify(step)}: ${error.message}`, { cause: error });
      });
    for (const work of this.works) await (this.history.hubLives ? toItsEnd(work) : work.return());
    await this.assertLaws();
  }

  /** Returns the flows with wrong statistics, each with the reason. */
  wrong(): Promise<Map<string, string>> {
    const { zone, steps } = this.history;
    const wasSetBack = steps.flat().some((one) => one.do === 'silence');
    return wrongFlows(this.database.reader, this.pruned, {
      timesAreReal: (zone === 'server' || this.isGuarded) && !wasSetBack,
      toTheSecond: this.isGuarded,
    });
  }

  /**
   * Makes days pass after all programs have stopped: the jobs send no more progress, and the reaper runs once more.
   *
   * @returns the runs that are still under way
   */
  async stopAll(): Promise<string[]> {
    const { ours, hub, repositories } = this.database;
    await ours.query('UPDATE backup_jobs SET last_telemetry_at = CURRENT_TIMESTAMP - INTERVAL 3 DAY');
    await ours.query(
      `UPDATE protection_flow_executions
          SET started_at = started_at - INTERVAL 3 DAY, completed_at = completed_at - INTERVAL 3 DAY,
              execution_metadata = JSON_REMOVE(execution_metadata, '$.heartbeat_at')`,
    );
    await ours.query(
      'UPDATE protection_flows SET last_execution_time = last_execution_time - INTERVAL 3 DAY',
    );
    await hub.detectDeadJobs();
    for (const { id } of await repositories.executions.listRunning())
      await repositories.executions.settle(id);
    await repositories.executions.reapStale({
      silenceMs: 3_600_000,
      // The hub is dead: its runs have no worker
      withoutSignOfLifeMs: 3_600_000,
      limit: 10_000,
    });
    await repositories.dueFlows.plan();
    return (await repositories.executions.listRunning()).map(({ id }) => id);
  }

  /** Deletes the flows, also those of the hub. */
  async leave(): Promise<void> {
    await this.database.ours.query('DELETE FROM protection_flows');
  }

  private async take(step: SharedStep): Promise<void> {
    if (step.length === 0) return;
    if (step[0]?.do === 'prune') {
      const before = await storedRuns(this.database.reader);
      await this.database.repositories.retention.prune({ keepPerFlow: 1, pauseMs: 0 });
      this.pruned = addPruned(this.pruned, before, await storedRuns(this.database.reader));
    } else {
      // If two operations continue the same work, it continues twice, in order
      const works = new Map<HubWork, Promise<void>>();
      await Promise.all(step.map((operation) => this.perform(operation, works)));
    }
    if (this.isGuarded) await this.assertLaws();
  }

  private async assertLaws(): Promise<void> {
    if (!this.isGuarded) return;
    const runs = await storedRuns(this.database.reader);
    for (const run of runs) {
      const before = this.seen.get(run.id);
      if (before !== undefined && isOver(before) && before.status !== run.status)
        throw new Error(`run ${run.id} was over, and went from ${before.status} to ${run.status}`);
      this.seen.set(run.id, run);
    }
    const running = runs.filter(({ status }) => status === 'running').map(({ flow_id }) => flow_id);
    if (new Set(running).size < running.length) throw new Error('a flow has two runs under way');
    const wrong = await this.wrong();
    if (wrong.size > 0) throw new Error(`wrong statistics: ${JSON.stringify([...wrong])}`);
  }

  private flowAt(place: number): string {
    return this.flows[place % this.flows.length]!;
  }

  private async perform(operation: SharedOperation, works: Map<HubWork, Promise<void>>): Promise<void> {
    const { hub, repositories } = this.database;
    switch (operation.do) {
      case 'hubStart':
        return this.begin(hub.start(this.flowAt(operation.flow), operation));
      case 'hubMonitor':
        return this.begin(hub.monitor());
      case 'hubGoesOn': {
        const work = this.works[operation.work % this.works.length];
        if (work === undefined) return;
        const going = (works.get(work) ?? Promise.resolve()).then(() => this.goOn(work));
        works.set(work, going);
        return going;
      }
      case 'hubCreate': {
        const id = await hub.createFlow({ name: `Hub's ${uuidv7()}` });
        if (id !== null) this.flows.push(id);
        return;
      }
      case 'hubEdit':
        return hub.editFlow(this.flowAt(operation.flow), operation.change);
      case 'hubDelete':
        return hub.deleteFlow(this.flowAt(operation.flow));
      case 'detectDeadJobs':
        return hub.detectDeadJobs();
      case 'job':
        return this.write('UPDATE backup_jobs SET status = ? WHERE id = ?', [
          operation.status,
          operation.job,
        ]);
      case 'delete':
        await repositories.retention.deleteFlows([this.flowAt(operation.flow)]);
        return;
      case 'plan':
        await repositories.dueFlows.plan();
        return;
      case 'claim':
        return this.claim(this.flowAt(operation.flow));
      case 'claimQueued':
        await repositories.dueFlows.claimQueued({ worker: 'w' });
        return;
      case 'prune':
        throw new Error('a prune is a step of its own');
      case 'silence':
        await this.letHoursGoBy(operation.run);
        return this.call(operation);
      default:
        return this.call(operation);
    }
  }

  /** Executes a statement among those of others, and repeats it if the server aborts it. */
  private async write(sql: string, parameters: unknown[]): Promise<void> {
    try {
      await this.database.ours.query(sql, parameters);
    } catch (error) {
      if (!isLostToAnother(error)) throw error;
      await this.write(sql, parameters);
    }
  }

  /** Ages the other runs of a running run's flow, so that they still began before it when it is aged itself. */
  private async letHoursGoBy(place: number): Promise<void> {
    const run = this.runs[place % this.runs.length]?.id ?? null;
    await this.database.ours.query(
      `UPDATE protection_flow_executions e
         JOIN (SELECT flow_id FROM protection_flow_executions WHERE id = ? AND status = 'running') s ON s.flow_id = e.flow_id
          SET e.started_at = e.started_at - INTERVAL 2 HOUR, e.completed_at = e.completed_at - INTERVAL 2 HOUR
        WHERE e.id <> ?`,
      [run, run],
    );
  }

  private async claim(flow: string): Promise<void> {
    const { repositories, scheduleId } = this.database;
    await this.write(
      `UPDATE protection_flows SET schedule_id = ?, next_execution_time = CURRENT_TIMESTAMP - INTERVAL 1 MINUTE
        WHERE id = ? AND enabled = 1`,
      [scheduleId, flow],
    );
    const { claimed } = await repositories.dueFlows.claimDue({ worker: 'w' });
    for (const { execution } of claimed) this.know(execution.id, execution.flow_id, true);
  }

  private async call(operation: Exclude<SharedOperation, { do: `hub${string}` }>): Promise<void> {
    const { executions } = this.database.repositories;
    const place = 'run' in operation && this.runs.length > 0 ? operation.run % this.runs.length : -1;
    if ('run' in operation && place === -1) return;
    if (operation.do === 'poll') {
      await executions.settle(this.runs[place]!.id).catch(unlessGone);
      return;
    }
    const call: Call = { operation: operation as Call['operation'], place, id: uuidv7() };
    const answer = await this.caller.perform(call, {
      flows: this.flows,
      runs: this.runs.map(({ id }) => id),
      origin: (at) => this.runs[at]!,
    });
    if (typeof answer === 'object' && answer !== null && 'run' in answer && answer.run === call.id)
      this.know(call.id, this.flowAt((operation as { flow: number }).flow), operation.do === 'start');
  }

  private async begin(work: HubWork): Promise<void> {
    this.works.push(work);
    await this.goOn(work);
  }

  private async goOn(work: HubWork): Promise<void> {
    const { value, done } = await work.next();
    if (done === true) this.works = this.works.filter((one) => one !== work);
    else this.know(value, null, true);
  }

  private know(id: string, flowId: string | null, wasStarted: boolean): void {
    if (this.runs.some((run) => run.id === id)) return;
    const flow = flowId === null ? 0 : Math.max(0, this.flows.indexOf(flowId));
    this.runs.push({ id, flow, wasStarted });
  }
}

function unlessGone(error: unknown): void {
  if ((error as { code?: string }).code !== 'EXECUTION_NOT_FOUND') throw error;
}
