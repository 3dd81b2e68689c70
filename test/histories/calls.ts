import { randomUUID } from 'node:crypto';
import type { Contestant, Given, RunSeen } from './contestants/contestant';
import type { Fact } from './checker';
import type { Call, PlayerPlan } from './plan';
import type { Random } from './random';
import type { Effects, Recorder } from './recorder';
import type { RunsKnown } from './runs-known';

const total = (flow: string): string => `total ${flow}`;
const ended = (flow: string, status: string): Fact[] => {
  const counter = { success: 'successful', error: 'failed' }[status];
  return counter === undefined ? [] : [{ added: `${counter} ${flow}`, by: 1 }];
};

/** The steps and facts that a read of a run shows. */
export const sightOf = ({ id, status, jobs, machines }: RunSeen): Required<Effects> => ({
  steps: [{ read: id, values: jobs }],
  facts: [
    { saw: id, state: status },
    { marked: id, value: machines },
  ],
});

const began = ({ run, flow }: Given): Fact[] => [
  { entered: run, state: 'running', group: flow },
  { added: total(flow), by: 1 },
];
const decided = (flow: string, dueAt: Date): Fact => ({ claimed: `${flow} due ${dueAt.toISOString()}` });

const merged = (all: readonly Effects[]): Effects => ({
  steps: all.flatMap(({ steps = [] }) => steps),
  facts: all.flatMap(({ facts = [] }) => facts),
});

/** The calls of a client. Each is recorded with its possible effects and its real ones. */
export class Calls {
  private jobs = 0;

  constructor(
    private readonly contestant: Contestant,
    private readonly recorder: Recorder,
    private readonly known: RunsKnown,
    private readonly random: Random,
    private readonly plan: PlayerPlan,
    private readonly client: string,
  ) {}

  /** Makes one call. If it has nothing to work on, it makes another one. */
  async make(call: Call): Promise<void> {
    await (this[call] as () => Promise<unknown>).call(this);
  }

  private record<Answer>(
    call: string,
    intended: Effects,
    make: () => Promise<Answer>,
    done: (answer: Answer) => Effects,
  ): Promise<Answer | null> {
    const isRefusal = (error: unknown): boolean => this.contestant.isRefusal(error);
    return this.recorder.record(this.client, call, intended, make, done, { isRefusal });
  }

  private newJob(): string {
    return `${this.plan.name}${this.client}${(this.jobs += 1)}`;
  }

  private hear(runs: readonly RunSeen[]): void {
    for (const { id, flow, status, jobs } of runs) this.known.hear(id, flow, status, jobs);
  }

  /** If the answer of a claim is lost, it may have begun a run of any flow. */
  private get anyBegan(): Fact[] {
    return this.plan.flows.map((flow) => ({ added: total(flow), by: 1 }));
  }

  async migrate(): Promise<void> {
    await this.record(
      'migrate',
      {},
      () => this.contestant.migrate(),
      (applied) => ({ facts: applied.map((name) => ({ claimed: `migration ${name}` })) }),
    );
  }

  async start(): Promise<void> {
    const [id, flow] = [randomUUID(), this.random.pick(this.plan.flows)];
    const facts = began({ run: id, flow, dueAt: null });
    await this.record(
      'start',
      { facts },
      () => this.contestant.start(id, flow),
      () => {
        this.known.hear(id, flow, 'running');
        return { facts };
      },
    );
  }

  async enqueue(): Promise<void> {
    const [id, flow] = [randomUUID(), this.random.pick(this.plan.flows)];
    const facts: Fact[] = [{ entered: id, state: 'pending', group: flow }];
    await this.record(
      'enqueue',
      { facts },
      () => this.contestant.enqueue(id, flow),
      () => {
        this.known.hear(id, flow, 'pending');
        return { facts };
      },
    );
  }

  async recordJobs(run = this.known.pick(this.random), more = true): Promise<void> {
    if (run === undefined) return this.latest();
    const jobs = Array.from({ length: this.random.between(1, 2) }, () => this.newJob());
    const steps = jobs.map((value) => ({ append: run.id, value }));
    for (const job of jobs) run.jobs.add(job);
    await this.record(
      'recordJobs',
      { steps },
      () => this.contestant.recordJobs(run.id, jobs, more),
      (isDone) => {
        if (!isDone) this.known.forget(run.id);
        return isDone ? { steps } : {};
      },
    );
  }

  async recordTogether(): Promise<void> {
    const [one, other] = [this.known.pick(this.random), this.known.pick(this.random)];
    if (one === undefined || other === undefined || one === other) return this.latest();
    const jobs = [one, other].map(({ id }) => [id, this.newJob()] as const);
    const steps = jobs.map(([append, value]) => ({ append, value }));
    await this.record(
      'recordTogether',
      { steps },
      () => this.contestant.recordTogether(jobs),
      (done) => ({
        steps: steps.filter((_, n) => done[n]),
      }),
    );
  }

  async progress(): Promise<void> {
    const run = this.known.pick(this.random, true);
    if (run === undefined) return this.latest();
    const to = this.random.between(1, 1_000_000);
    const facts = [{ raised: run.id, to }];
    await this.record(
      'progress',
      { facts },
      () => this.contestant.progress(run.id, to),
      (isDone) => {
        if (!isDone) this.known.forget(run.id);
        return isDone ? { facts } : {};
      },
    );
  }

  async finish(): Promise<void> {
    const run = this.known.pick(this.random, true);
    if (run === undefined) return this.latest();
    const status = this.random.pick(['success', 'error', 'warning'] as const);
    const facts: Fact[] = [{ entered: run.id, state: status }, ...ended(run.flow, status)];
    this.known.forget(run.id);
    await this.record(
      'finish',
      { facts },
      () => this.contestant.finish(run.id, status),
      (isDone) => (isDone ? { facts } : {}),
    );
  }

  async cancel(): Promise<void> {
    const run = this.known.pick(this.random);
    if (run === undefined) return this.latest();
    const facts: Fact[] = [{ entered: run.id, state: 'cancelled' }];
    this.known.forget(run.id);
    await this.record(
      'cancel',
      { facts },
      () => this.contestant.cancel(run.id),
      (isDone) => (isDone ? { facts } : {}),
    );
  }

  async settle(): Promise<void> {
    const run = this.known.pick(this.random, true);
    if (run === undefined) return this.latest();
    await this.recordJobs(run, false);
    const states = this.known.statesOf(run);
    const endedAs = (state: string, machines: number): Fact[] => [
      { entered: run.id, state },
      { raised: run.id, to: machines },
      ...ended(run.flow, state),
    ];
    const facts = ['success', 'warning', 'error'].flatMap((state) => endedAs(state, states.size));
    for (let machines = 1; machines < states.size; machines += 1)
      facts.push({ raised: run.id, to: machines });
    const seen = await this.record(
      'settle',
      { facts },
      () => this.contestant.settle(run.id, states),
      ({ status, settled, machines }) => ({
        facts: settled ? endedAs(status, machines) : [{ saw: run.id, state: status }],
      }),
    );
    if (seen !== null) this.known.hear(run.id, run.flow, seen.status);
  }

  async claimDue(): Promise<void> {
    const make = (): ReturnType<Contestant['claimDue']> => this.contestant.claimDue(this.plan.name);
    await this.record('claimDue', { facts: this.anyBegan }, make, ({ claimed, queued, skipped }) => {
      for (const { run, flow } of claimed) this.known.hear(run, flow, 'running');
      for (const { run, flow } of queued) this.known.hear(run, flow, 'pending');
      const due = [...claimed, ...queued, ...skipped];
      return {
        facts: [
          ...due.flatMap(({ flow, dueAt }) => (dueAt === null ? [] : [decided(flow, dueAt)])),
          ...claimed.flatMap(began),
          ...queued.map(({ run, flow }): Fact => ({ entered: run, state: 'pending', group: flow })),
        ],
      };
    });
  }

  async claimQueued(): Promise<void> {
    const make = (): ReturnType<Contestant['claimQueued']> => this.contestant.claimQueued(this.plan.name);
    await this.record('claimQueued', { facts: this.anyBegan }, make, (taken) => {
      for (const { run, flow } of taken) this.known.hear(run, flow, 'running');
      return { facts: taken.flatMap((one) => [{ claimed: `run ${one.run}` }, ...began(one)]) };
    });
  }

  async get(): Promise<void> {
    const run = this.known.pick(this.random);
    if (run === undefined) return this.latest();
    const seen = await this.record('get', {}, () => this.contestant.get(run.id), sightOf);
    if (seen !== null) this.hear([seen]);
  }

  async latest(): Promise<void> {
    const flows = [...new Set([1, 2, 3].map(() => this.random.pick(this.plan.flows)))];
    const seen = await this.record(
      'latest',
      {},
      () => this.contestant.latest(flows),
      (found) => merged(found.map(sightOf)),
    );
    if (seen !== null) this.hear(seen);
  }

  async flow(): Promise<void> {
    const flow = this.random.pick(this.plan.flows);
    await this.record(
      'flow',
      {},
      () => this.contestant.flow(flow),
      (seen) => ({
        facts: Object.entries(seen).map(([name, value]) => ({
          counted: `${name} ${flow}`,
          value: Number(value),
        })),
      }),
    );
  }
}
