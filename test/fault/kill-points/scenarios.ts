import { adopt } from '../../../src/engine/adopt';
import { migrate, rollback } from '../../../src/engine/migrate';
import { type ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import type { SessionOptions } from '../../../src/engine/session/migration-session';
import type { Row } from '../../../src/engine/server/queryable';
import { migrationList } from '../../../src/migrations';
import { RetentionRepository } from '../../../src/repositories';
import {
  createPlatformTables,
  platformTableNames,
  type PlatformPresetName,
} from '../../../src/testing/platform-tables';
import { make } from '../../integration/adopt/hand-made';
import { mended, seedRows } from '../../integration/adopt/rows';
import { openDataSource } from '../../support/data-source';
import type { Ground } from './ground';
import { handMadeStart } from './hand-made-start';

export type Rows = Record<string, Row[]>;

/** A command that follows a death, and its required result. */
export interface Ending {
  readonly command: (
    dataSource: ProtectionFlowsDataSource,
    options?: SessionOptions,
  ) => Promise<{ readonly ok: boolean }>;
  readonly leaves: 'whole' | 'nothing';
}

/** Runs a command. */
export type Command = (dataSource: ProtectionFlowsDataSource, options?: SessionOptions) => Promise<unknown>;

/** A sequence of commands, one of which dies, and the database that they start from. */
export interface Scenario {
  readonly name: string;
  readonly platform: PlatformPresetName;
  prepare(ground: Ground): Promise<void>;
  /** Run in this order, each like a separate process: a command shares only the database with the one before. */
  readonly commands: readonly Command[];
  /** Whether the commands lead to the declared schema or away from it. */
  readonly leads: Ending['leaves'];
  /** The command that finishes the dead command's work. */
  readonly again: Ending;
  /** The command that undoes the dead command's work. */
  readonly opposite?: Ending;
  /** Returns the required rows at the end for the rows at the start. Default: the tables have no rows. */
  readonly rows?: (before: Rows) => Rows;
}

const migrateAll: Ending = { command: migrate, leaves: 'whole' };
const rollbackAll: Ending = {
  command: (dataSource, options) => rollback(dataSource, { ...options, steps: 'all' }),
  leaves: 'nothing',
};
const repair: Ending = {
  command: (dataSource, options) =>
    adopt(dataSource, { ...options, repair: true, answers: { schedules: 'off' } }),
  leaves: 'whole',
};

/** Disables the flows with a schedule, as adopt does with `schedules: 'off'`. This changes their `updated_at`. */
const withoutSchedules = (rows: Rows): Rows => ({
  ...rows,
  protection_flows: (rows['protection_flows'] ?? []).map((row) =>
    row['schedule_id'] === null ? row : { ...row, enabled: '0', updated_at: expect.any(String) as unknown },
  ),
});

async function withDataSource(
  ground: Ground,
  work: (dataSource: ProtectionFlowsDataSource) => Promise<unknown>,
): Promise<void> {
  const dataSource = await openDataSource(ground);
  try {
    await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function migrated(ground: Ground): Promise<void> {
  await createPlatformTables(ground.session, 'mixed');
  await withDataSource(ground, (dataSource) => migrate(dataSource));
}

const lateParents = ['schedule_executions', 'backup_repositories', 'backup_policies', 'backup_jobs'];

/** Prepares tables with rows and with deferred keys: their parents were created later, in another collation. */
async function waitingForKeys(ground: Ground): Promise<void> {
  const { session } = ground;
  const early = platformTableNames.filter((name) => !lateParents.includes(name));
  await createPlatformTables(session, 'general_ci', early);
  await withDataSource(ground, (dataSource) => migrate(dataSource));
  await createPlatformTables(session, 'general_ci', lateParents);
  await seedRows(session);
  for (let doubled = 0; doubled < 7; doubled += 1)
    await session.query(
      `INSERT INTO protection_flow_executions (flow_id, schedule_execution_id, execution_type, created_at)
        SELECT flow_id, schedule_execution_id, execution_type, created_at FROM protection_flow_executions`,
    );
  await withDataSource(ground, ({ manager }) => new RetentionRepository(manager).recount());
}

/** The statistics that adopt recounts, instead of those written by hand. */
const recountedFlows: Readonly<Record<string, Row>> = {
  'flow-1': {
    ...{ last_execution_id: 'run-2', last_execution_status: 'cancelled', total_executions: '2' },
    last_execution_time: '2025-01-02 03:04:06',
  },
  'flow-3': { last_execution_time: null },
};

const recounted = (rows: Rows): Rows => ({
  ...rows,
  protection_flows: (rows['protection_flows'] ?? []).map((row) => ({
    ...row,
    ...recountedFlows[String(row['id'])],
  })),
});

/** Every command that changes the schema, with all migrations. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'migrate',
    platform: 'mixed',
    prepare: ({ session }) => createPlatformTables(session, 'mixed'),
    commands: [migrate],
    leads: 'whole',
    again: migrateAll,
    opposite: rollbackAll,
  },
  {
    name: 'rollback --all',
    platform: 'mixed',
    prepare: migrated,
    commands: [rollbackAll.command],
    leads: 'nothing',
    again: rollbackAll,
    opposite: migrateAll,
  },
  {
    name: 'rollback of one migration after the other',
    platform: 'mixed',
    prepare: migrated,
    // Other statements than --all, which skips whatever disappears with its table. The last rollback finds nothing to undo
    commands: Array<Command>(migrationList.length + 1).fill(rollback),
    leads: 'nothing',
    again: rollbackAll,
    opposite: migrateAll,
  },
  {
    name: 'migrate that adds deferred keys to tables with rows',
    platform: 'general_ci',
    prepare: waitingForKeys,
    commands: [migrate],
    leads: 'whole',
    again: migrateAll,
    rows: (before) => before,
  },
  {
    name: 'adopt --repair --schedules=off',
    platform: 'general_ci',
    async prepare({ session }) {
      await createPlatformTables(session, 'general_ci');
      await make(session, handMadeStart);
    },
    commands: [repair.command],
    leads: 'whole',
    again: repair,
    rows: (before) => withoutSchedules(recounted(mended(before))),
  },
];
