import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { createDataSource } from '../../src/typeorm/create-data-source';
import { planMigrate } from '../../src/engine/migrate';
import {
  createPlatformTables,
  createThrowAwayDatabase,
  platformPresets,
  sessionOf,
  type PrivateServer,
  type ThrowAwayDatabase,
} from '../../src/testing';
import { labelOf } from '../support/bench-database';
import { measureProcess } from '../support/measure-process';
import { contestants, plainEnvironment, type ContestantName } from './contestants';

/** One measured process, with its connections and statements. */
export interface Turn {
  readonly ms: number;
  readonly mebibytes: number;
  readonly connections: number;
  readonly statements: number;
}

/** The turns of each contestant. */
export type Turns = Readonly<Record<ContestantName, readonly Turn[]>>;

/** The measurements on one server. */
export interface ServerTurns {
  readonly label: string;
  /** How many statements this package plans for an empty database. */
  readonly planned: number;
  readonly full: Turns;
  readonly noOp: Turns;
}

const names = Object.keys(contestants) as ContestantName[];

/** An empty database with the platform's tables, so that all keys are added. */
async function emptyDatabase(server: PrivateServer): Promise<ThrowAwayDatabase> {
  const database = await createThrowAwayDatabase(server, platformPresets.general_ci.database);
  const connection = await createConnection(database.url);
  try {
    await createPlatformTables(sessionOf(connection), 'general_ci');
  } finally {
    await connection.end();
  }
  return database;
}

async function plannedStatements(server: PrivateServer) {
  const database = await emptyDatabase(server);
  const dataSource = await createDataSource({ env: { DATABASE_URL: database.url } }).initialize();
  try {
    return (await planMigrate(dataSource)).statements;
  } finally {
    await dataSource.destroy();
    await database.drop();
  }
}

/** The server's counters. */
async function asked(session: Connection): Promise<{ connections: number; statements: number }> {
  const [rows] = await session.query<RowDataPacket[]>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Connections', 'Questions')",
  );
  const of = (name: string): number =>
    Number(rows.find((row) => row['Variable_name'] === name)?.['Value'] ?? NaN);
  return { connections: of('Connections'), statements: of('Questions') };
}

/**
 * Measures processes, each contestant once a turn, every other turn in reverse. The first turn fills caches and does not
 * count.
 */
async function inTurns(count: number, run: (name: ContestantName) => Promise<Turn>): Promise<Turns> {
  const turns = Object.fromEntries(names.map((name) => [name, [] as Turn[]])) as Record<
    ContestantName,
    Turn[]
  >;
  for (let turn = 0; turn <= count; turn += 1) {
    for (const name of turn % 2 === 1 ? [...names].reverse() : names) {
      const measured = await run(name);
      if (turn > 0) turns[name].push(measured);
    }
  }
  return turns;
}

/** Measures a full migrate of every contestant, and one with nothing to do. */
export async function measureServer(server: PrivateServer, count: number): Promise<ServerTurns> {
  const statements = await plannedStatements(server);
  const plain = plainEnvironment(server.flavour, statements);
  const session = await createConnection(server.url());
  const measure = async (args: readonly string[], url: string): Promise<Turn> => {
    const before = await asked(session);
    const run = await measureProcess(args, { DATABASE_URL: url, ...plain });
    const after = await asked(session);
    return {
      ...run,
      connections: after.connections - before.connections,
      // One of them reads the counters
      statements: after.statements - before.statements - 1,
    };
  };
  try {
    const full = await inTurns(count, async (name) => {
      const database = await emptyDatabase(server);
      const turn = await measure(contestants[name].migrate, database.url);
      await database.drop();
      return turn;
    });
    const migrated = new Map<ContestantName, ThrowAwayDatabase>();
    for (const name of names) {
      const database = await emptyDatabase(server);
      await measure(contestants[name].migrate, database.url);
      migrated.set(name, database);
    }
    const noOp = await inTurns(count, (name) => {
      const { migrate, again = migrate } = contestants[name];
      return measure(again, migrated.get(name)?.url ?? '');
    });
    return { label: labelOf(server), planned: statements.length, full, noOp };
  } finally {
    await session.end();
  }
}
