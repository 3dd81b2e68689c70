import type { JobStatus } from '../../src';
import type { Random } from './random';

/** What a process knows about a run: enough to choose reasonable calls. */
export interface KnownRun {
  readonly id: string;
  readonly flow: string;
  isPending: boolean;
  readonly jobs: Set<string>;
}

/** How many runs are remembered. Forgotten runs stay as they are until they are ended at rest. */
const most = 60;

/** The runs that a process knows and that, to its knowledge, are not over. */
export class RunsKnown {
  private readonly runs = new Map<string, KnownRun>();

  hear(id: string, flow: string, status: string, jobs: readonly string[] = []): void {
    if (status !== 'pending' && status !== 'running') {
      this.runs.delete(id);
      return;
    }
    const run = this.runs.get(id) ?? { id, flow, isPending: true, jobs: new Set() };
    run.isPending = status === 'pending';
    for (const job of jobs) run.jobs.add(job);
    this.runs.set(id, run);
    const [oldest] = this.runs.keys();
    if (this.runs.size > most && oldest !== undefined) this.runs.delete(oldest);
  }

  forget(id: string): void {
    this.runs.delete(id);
  }

  /** A random run. `begun`: only one that is not pending. */
  pick(random: Random, begun = false): KnownRun | undefined {
    const choice = [...this.runs.values()].filter(({ isPending }) => !begun || !isPending);
    return choice.length === 0 ? undefined : random.pick(choice);
  }

  /** The state `completed` for each known job of a run. */
  statesOf({ jobs }: KnownRun): Map<string, JobStatus> {
    return new Map([...jobs].map((job) => [job, 'completed']));
  }
}
