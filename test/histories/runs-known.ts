import type { JobStatus } from '../../src';
import type { Random } from './random';

/** What a process knows of a run: enough to choose calls that make sense. */
export interface KnownRun {
  readonly id: string;
  readonly flow: string;
  isPending: boolean;
  readonly jobs: Set<string>;
}

/** So many runs are remembered; older ones are nobody's any more, until they are ended at rest. */
const most = 60;

/** The runs that a process has heard of and that are not over, as far as it knows. */
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

  /** One of the runs; of those alone that have begun, where told. */
  pick(random: Random, begun = false): KnownRun | undefined {
    const choice = [...this.runs.values()].filter(({ isPending }) => !begun || !isPending);
    return choice.length === 0 ? undefined : random.pick(choice);
  }

  /** All of a run's jobs that are known, completed. */
  statesOf({ jobs }: KnownRun): Map<string, JobStatus> {
    return new Map([...jobs].map((job) => [job, 'completed']));
  }
}
