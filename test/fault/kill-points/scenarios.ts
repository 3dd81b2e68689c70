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

/** A command line's call. */
export type Command = (dataSource: ProtectionFlowsDataSource, options?: SessionOptions) => Promise<unknown>;

/** Commands of which one dies, and the state that they start from. */
export interface Scenario {
  readonly name: string;
  readonly platform: PlatformPresetName;
  prepare(ground: Ground): Promise<void>;
  /** In turn, each a process of its own: it finds nothing of the one before but the database. */
  readonly commands: readonly Command[];
  /** Whether the commands lead to the declared schema or away from it. */
  readonly leads: Ending['leaves'];
  /** The command that finishes what died. */
  readonly again: Ending;
  /** The command that takes it back. */
  readonly opposite?: Ending;
  /** What the rows of before are to be in the end; without it there are none. */
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

/** Flows that never ran by their schedule, once they are disabled, which is a change of them. */
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

/** Tables with rows and without three of their keys, whose parents have come since, in another collation. */
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

/** What adopt counts of the flows' runs, over what was written by hand. */
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

/** Every command that changes the schema, over every migration. */
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
    name: 'rollback, one migration after the other',
    platform: 'mixed',
    prepare: migrated,
    // Not what --all does: that leaves out whatever goes with a table. The last finds nothing left to take back
    commands: Array<Command>(migrationList.length + 1).fill(rollback),
    leads: 'nothing',
    again: rollbackAll,
    opposite: migrateAll,
  },
  {
    name: 'migrate of late keys onto rows',
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
