import { uuidv7 } from 'uuidv7';
import { executionStatuses, statusesBefore, terminalStatuses, type ExecutionStatus } from '../../src/domain';
import type { ExecutionRepository } from '../../src/repositories';
import type { Queryable } from '../../src/engine/server/queryable';
import { insertFlows } from './claims-flows';
import { wrongStatistics } from './completions-recount';
import { Caller, type Call } from './random-histories-calls';
import { applyOperation, newModel, placeOf, type Answer, type Model } from './random-histories-model';
import type { Step } from './random-histories-operations';
import { differences, readState, stateOf, type RunRow } from './random-histories-state';

const refusals = ['FLOW_STILL_RUNNING', 'TRANSITION_REFUSED'];

/** True if a run can get from one status to the other in at most this many transitions. */
function isReachable(from: ExecutionStatus, to: ExecutionStatus, transitions: number): boolean {
  if (from === to) return true;
  if (transitions === 0) return false;
  return executionStatuses.some(
    (next) => statusesBefore(next).includes(from) && isReachable(next, to, transitions - 1),
  );
}

const growing = [
  'jobs_created',
  'jobs_completed',
  'jobs_failed',
  'jobs_skipped',
  'vms_processed',
  'bytes_transferred',
];

/** Returns what happened to a run that must never happen, whatever the model says; null if nothing. */
function lawBroken(before: RunRow, after: RunRow, calls: number): string | null {
  if (!isReachable(before.status, after.status, calls))
    return `went from ${before.status} to ${after.status}`;
  if (
    terminalStatuses.some((status) => status === before.status) &&
    JSON.stringify(before) !== JSON.stringify(after)
  )
    return `changed after its end, from ${JSON.stringify(before)} to ${JSON.stringify(after)}`;
  const shrunk = growing.find(
    (count) => Number(after[count as 'jobs_created']) < Number(before[count as 'jobs_created']),
  );
  return shrunk === undefined ? null : `${shrunk} went down`;
}

/** Not structuredClone: under jest its arrays belong to another realm, so they never equal ours. */
const clone = (model: Model): Model => JSON.parse(JSON.stringify(model)) as Model;

/** Plays one history on new flows, and compares each answer and each state with the model's. */
export class Player {
  private readonly prefix = `h-${uuidv7()}-`;
  private model: Model;
  private flows: string[] = [];
  private runs: string[] = [];
  private seen = new Map<string, RunRow>();

  private readonly caller: Caller;

  constructor(
    executions: ExecutionRepository,
    private readonly session: Queryable,
    private readonly flowCount: number,
  ) {
    this.model = newModel(flowCount);
    this.caller = new Caller(executions, session, refusals);
  }

  /** @throws if an answer or a state differs from the model's */
  async play(steps: readonly Step[]): Promise<void> {
    this.flows = await insertFlows(this.session, { prefix: this.prefix, count: this.flowCount });
    try {
      for (const [n, step] of steps.entries()) {
        try {
          await this.take(step);
        } catch (error) {
          throw new Error(`step ${n + 1}, ${JSON.stringify(step)}: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
      const wrong = await wrongStatistics(this.session, this.prefix, { timesAreReal: false });
      if (wrong.length > 0) throw new Error(`a recount gives something else: ${JSON.stringify(wrong)}`);
    } finally {
      await this.session.query('DELETE FROM protection_flows WHERE id IN (?)', [this.flows]);
    }
  }

  private async take(step: Step): Promise<void> {
    if (step.length === 0) return;
    const calls = step.map((operation): Call => ({
      operation,
      place: 'run' in operation ? placeOf(this.model, operation.run) : -1,
      id: uuidv7(),
    }));
    const known = { flows: this.flows, runs: this.runs, origin: (place: number) => this.model.runs[place]! };
    const answers = await Promise.all(calls.map((call) => this.caller.perform(call, known)));
    const state = await readState(this.session, this.flows);
    this.assertLaws(state.runs, calls.length);
    // Two calls at the same time are right if the model gives the same for one after the other, in either order
    const orders =
      calls.length === 1
        ? [[0]]
        : [
            [0, 1],
            [1, 0],
          ];
    const faults: string[] = [];
    for (const order of orders) {
      const model = clone(this.model);
      const runs = [...this.runs];
      const found: string[] = [];
      for (const n of order) {
        const { operation, place, id } = calls[n]!;
        const before = model.runs.length;
        const expected = applyOperation(model, operation, place);
        if (model.runs.length > before) runs.push(id);
        found.push(...differences(named(expected, runs), answers[n], 'the answer'));
      }
      found.push(...differences(stateOf(model, this.flows, runs), state.view, 'the state'));
      if (found.length === 0) {
        this.model = model;
        this.runs = runs;
        return;
      }
      faults.push(found.join('; '));
    }
    throw new Error(faults.join(' -- and in the other order: '));
  }

  private assertLaws(rows: readonly RunRow[], calls: number): void {
    for (const row of rows) {
      const before = this.seen.get(row.id);
      const broken = before === undefined ? null : lawBroken(before, row, calls);
      if (broken !== null) throw new Error(`run ${row.id} ${broken}`);
      this.seen.set(row.id, row);
    }
  }
}

/** Replaces the places of runs in a model's answer by their ids. */
function named(answer: Answer, ids: readonly string[]): Answer<string> {
  if (answer === null || typeof answer === 'boolean') return answer;
  if ('run' in answer) return { ...answer, run: ids[answer.run]! };
  if ('reaped' in answer) return { reaped: answer.reaped.map((place) => ids[place]!).sort() };
  if ('refused' in answer)
    return answer.by === undefined ? { refused: answer.refused } : { ...answer, by: ids[answer.by]! };
  return answer;
}
