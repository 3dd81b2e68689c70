import { deepStrictEqual } from 'node:assert';
import type { BenchDatabase } from '../support/bench-database';
import { flowCount, flowId } from '../support/rows';
import type { Spread } from '../support/statistics';
import type { Contestant } from './contestants/contestant';
import { Floor } from './contestants/floor';
import { Ours } from './contestants/ours';
import { PlainTypeOrm, TransactionalTypeOrm } from './contestants/plain-typeorm';
import { runningJob } from './data-set';
import { claimSize, hotOperations, type ContestantName, type Goals, type Operation } from './operations';
import { endClaimed, makeDue, newFlow } from './shared-turns';
import { assertSameStatements } from './statements';
import { inTurns, type Turn } from './turns';

/** The milliseconds of each contestant for an operation. */
export interface OperationResult {
  readonly name: string;
  readonly goals: Goals;
  readonly times: Readonly<Partial<Record<ContestantName, Spread>>>;
}

const rounds = {
  read: { measured: 200, warmUp: 200 },
  write: { measured: 150, warmUp: 250 },
  bulk: { measured: 25, warmUp: 5 },
};

/** Flows that no operation uses: for the comparison before the measurement. */
const spare = (n: number): string => flowId(flowCount - 1 - n);

/** Throws unless all contestants give the same answers. */
async function assertSameAnswers(contestants: Readonly<Record<string, Contestant>>): Promise<void> {
  const questions: readonly ((one: Contestant) => Promise<unknown>)[] = [
    (one) => one.get(spare(0)),
    (one) => one.get(spare(1)),
    (one) => one.list(50),
    (one) => one.history(spare(0), 50),
    (one) => one.findRunningByJob(runningJob(7)),
  ];
  for (const question of questions) {
    const wanted = await question(contestants.ours!);
    for (const [name, one] of Object.entries(contestants)) {
      deepStrictEqual(await question(one), wanted, `${name} answers otherwise: ${question.toString()}`);
    }
  }
}

/** Throws unless the floor sends this package's statements. */
async function assertSameSql(database: BenchDatabase): Promise<void> {
  const runs = new Map<Contestant, string>();
  const run = (one: Contestant): string => runs.get(one) ?? '';
  let used = 0;
  const done = { jobs: 1, bytes: 1 };
  const ofClaim = Array.from({ length: claimSize }, (_, n) => spare(100 + n));
  const claim = async (one: Contestant): Promise<void> => {
    await makeDue(database.session, ofClaim);
    await one.claimDue(claimSize);
    await endClaimed(database.session);
  };
  // The first claim of a flow also records its schedule
  const first = async (one: Contestant): Promise<void> => void (await one.get(spare(0)), await claim(one));
  await assertSameStatements(database, first, {
    get: (one) => one.get(spare(0)),
    list: (one) => one.list(50),
    history: (one) => one.history(spare(0), 50),
    findRunningByJob: (one) => one.findRunningByJob(runningJob(0)),
    start: async (one) => runs.set(one, await one.start(spare((used += 1)))),
    progress: (one) => one.progress(run(one), done),
    finish: (one) => one.finish(run(one), done),
    disable: (one) => one.setEnabled(spare(one instanceof Floor ? 0 : 1), false),
    enable: (one) => one.setEnabled(spare(one instanceof Floor ? 0 : 1), true),
    create: (one) => one.create(newFlow(`Created to look ${(used += 1)}`, 0)),
    claimDue: claim,
  });
}

/**
 * Measures the hot operations of this package, mysql2 alone and plain TypeORM, after checking that all give the same
 * answers and that the floor sends the same statements.
 */
export async function measureHotOperations(database: BenchDatabase): Promise<OperationResult[]> {
  await assertSameSql(database);
  const contestants: Record<ContestantName, Contestant> = {
    ours: await Ours.connect(database.url),
    floor: new Floor(database.url, database.flavour),
    typeorm: await PlainTypeOrm.connect(database.url, database.flavour),
    tx: await TransactionalTypeOrm.connect(database.url, database.flavour),
  };
  try {
    await assertSameAnswers(contestants);
    const results: OperationResult[] = [];
    for (const operation of hotOperations(database.session)) {
      results.push(await measureOperation(operation, contestants));
    }
    return results;
  } finally {
    for (const contestant of Object.values(contestants)) await contestant.release();
  }
}

async function measureOperation(
  { name, goals, kind, severalSaves, turn }: Operation,
  contestants: Readonly<Record<ContestantName, Contestant>>,
): Promise<OperationResult> {
  // "tx" also follows and ends the runs that it started, but is measured only where it differs
  const who = (Object.keys(contestants) as ContestantName[]).filter((one) => severalSaves || one !== 'tx');
  const turns = Object.fromEntries(who.map((one) => [one, turn(contestants[one], one)])) as Record<
    ContestantName,
    Turn
  >;
  return { name, goals, times: await inTurns(turns, rounds[kind]) };
}
