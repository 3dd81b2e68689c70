import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queryable } from '../../src/engine/server/queryable';
import { createPlatformTables } from '../../src/testing/platform-tables';
import { createSchedule } from '../../src/testing/platform-rows';
import { createThrowAwayDatabase, sessionOf } from '../../src/testing/throw-away-database';
import { insertFlows } from '../fault/claims-flows';
import { waitFor } from '../support/wait-for';
import { endAll, readAll } from './at-rest';
import { checkHistory, readOperations, type Anomaly, type Operation } from './checker';
import { connectPackage, type Settings } from './contestants/package';
import { doFaults, type FaultName, type Scene } from './faults';
import type { Options } from './options';
import { startTimer } from './timer';
import { Players } from './players';
import { Random } from './random';
import { Recorder } from './recorder';
import { runStates } from './rules';
import type { Target } from './targets';

/** The result of a round. */
export interface RoundResult {
  readonly history: readonly Operation[];
  readonly anomalies: readonly Anomaly[];
  readonly faults: Partial<Record<FaultName, number>>;
  /** The folder of the recordings. */
  readonly folder: string;
}

/** Each process has its own file, so no line follows the incomplete line of a killed process. */
function readRecordings(folder: string): Operation[] {
  return readOperations(
    readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n')),
  );
}

async function withSession<Result>(
  url: string,
  work: (session: Queryable) => Promise<Result>,
): Promise<Result> {
  const connection = await createConnection({ uri: url, timezone: 'Z' });
  try {
    await connection.query(`SET time_zone = '+00:00'`);
    return await work(sessionOf(connection));
  } finally {
    connection.destroy();
  }
}

const createPlatform = (url: string): Promise<unknown> =>
  withSession(url, (session) => createPlatformTables(session));

/** Creates flows that only the timer makes due: their schedule is not due before the end of the round. */
const createFlows = (url: string, count: number): Promise<string[]> =>
  withSession(url, async (session) => {
    const { id: schedule_id } = await createSchedule(session, { cron_expression: '0 0 1 1 *' });
    return insertFlows(session, { prefix: 'f', count, schedule_id });
  });

/** Migrates an empty database from several processes at once. Each migration must be applied by one of them only. */
async function migrateAtOnce(settings: readonly Settings[], recorder: Recorder): Promise<void> {
  const migrateOne = async (own: Settings, place: number): Promise<void> => {
    const contestant = await connectPackage(own);
    const isRefusal = (error: unknown): boolean => contestant.isRefusal(error);
    await recorder.record(
      `migrate ${place}`,
      'migrate',
      {},
      () => contestant.migrate(),
      (applied) => ({ facts: applied.map((name) => ({ claimed: `migration ${name}` })) }),
      { isRefusal },
    );
    await contestant.close();
  };
  await Promise.all(settings.map(migrateOne));
}

/** Lets the processes play during faults until there are enough calls. Returns how often each fault was caused. */
async function playAmongFaults(
  scene: Scene,
  options: Options,
  log: (line: string) => void,
): Promise<RoundResult['faults']> {
  let isOver = false;
  const { players } = scene;
  players.begin(options.processes);
  try {
    const enough = waitFor(() => players.calls >= options.round, {
      timeoutMs: options.limitMs,
      pollMs: 200,
    })
      // After the time limit, fewer calls are enough
      .catch(() => undefined)
      .finally(() => (isOver = true));
    const [faults] = await Promise.all([doFaults(scene, options, () => isOver, log), enough]);
    return faults;
  } finally {
    await players.stop();
  }
}

/** Plays a round on its own database: processes play during faults, all ends and is read at rest, the checker judges. */
export async function playRound(
  target: Target,
  options: Options,
  round: number,
  log: (line: string) => void,
): Promise<RoundResult> {
  const folder = mkdtempSync(join(tmpdir(), `pflows-history-${target.name}-`));
  const writer = await target.writer();
  const database = await createThrowAwayDatabase(writer);
  const { username, password } = writer;
  // The processes begin with different nodes
  const settings = target.nodes.map((_, place): Settings => {
    const nodes = [...target.nodes.slice(place), ...target.nodes.slice(0, place)];
    return {
      hosts: nodes.map(({ host, port }) => ({ host, port })),
      username,
      password,
      database: database.name,
    };
  });
  const recorder = new Recorder(join(folder, 'rest'), 'rest');
  try {
    await createPlatform(database.url);
    await target.recovered();
    await migrateAtOnce([...settings, ...settings], recorder);
    const flows = await createFlows(database.url, options.flows);
    await target.recovered();
    const players = new Players((place, name) => ({
      contestant: options.contestant,
      settings: settings[place % settings.length]!,
      name,
      seed: options.seed * 1_000 + round,
      recording: join(folder, name),
      clients: options.clients,
      flows,
    }));
    const random = new Random('faults', options.seed, round);
    const scene = { target, players, random, smallDisk: target.smallDisk?.folder ?? null };
    const timer = startTimer(target, database.name);
    const faults = await playAmongFaults(scene, options, log).finally(() => timer.stop());
    await target.recovered();
    await endAll(target, settings[0]!, recorder);
    await readAll(target, database.name, recorder);
    const history = readRecordings(folder);
    return { history, anomalies: checkHistory(history, runStates), faults, folder };
  } finally {
    recorder.close();
    await database.drop().catch(() => undefined);
  }
}
