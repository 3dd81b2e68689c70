import { randomBytes } from 'node:crypto';
import { declareArguments, id, readProperties, type Reader } from '../arguments';
import { toWholeSecond } from '../domain';
import { quoteName, type Queryable } from '../engine/server/queryable';
import { session as aSession } from './throw-away-database';

/** The columns that a test sets; the others get plausible values. */
export type RowOverrides = Readonly<Record<string, unknown>>;

/** A row as it was inserted, without the columns that were left to their defaults. */
export type InsertedRow<Key extends string = 'id'> = Readonly<Record<string, unknown>> &
  Readonly<Record<Key, string>>;

/** Returns a different text at each call, so that unique names don't clash. */
export function uniqueSuffix(): string {
  return randomBytes(4).toString('hex');
}

async function insert<T extends RowOverrides>(session: Queryable, table: string, row: T): Promise<T> {
  const columns = Object.keys(row).map(quoteName).join(', ');
  const marks = Object.keys(row).map(() => '?');
  await session.query(`INSERT INTO ${table} (${columns}) VALUES (${marks.join(', ')})`, Object.values(row));
  return row;
}

/** Reads columns of a platform row. The server checks their names: the tables are the platform's. */
const overrides: Reader<Readonly<Record<string, unknown>>> = (value, field, faults) => {
  if (value === undefined) return {};
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return readProperties(value, field, names, faults, null) ?? (undefined as never);
};

const readers = { session: aSession, overrides };

/**
 * Makes a function that inserts a row into a table and returns it.
 *
 * @param name the function's name in its errors
 * @param columns plausible values for columns without an override
 */
function inserting<Key extends string = 'id'>(
  name: string,
  table: string,
  columns: (suffix: string, row: RowOverrides, session: Queryable) => RowOverrides | Promise<RowOverrides>,
): (session: Queryable, overrides?: RowOverrides) => Promise<InsertedRow<Key>> {
  const read = declareArguments(name, readers);
  return async (session, given) => {
    const { overrides: row } = read({ session, overrides: given });
    const plausible = await columns(uniqueSuffix(), row, session);
    return (await insert(session, table, { ...plausible, ...row })) as InsertedRow<Key>;
  };
}

/** Inserts a row into backup_repositories and returns it. */
export const createRepository = inserting('createRepository', 'backup_repositories', (suffix) => ({
  id: `repo-local-${suffix}`,
  name: `Local repository ${suffix}`,
  repository_type: 'local',
  config: JSON.stringify({ path: `/var/lib/backups/${suffix}` }),
  total_size_bytes: 2_000_000_000_000,
}));

/** Inserts a row into backup_policies and returns it; inserts a repository if none is named. */
export const createPolicy = inserting('createPolicy', 'backup_policies', async (suffix, row, session) => ({
  id: `policy-${suffix}`,
  name: `Daily, 30 days ${suffix}`,
  primary_repository_id: row['primary_repository_id'] ?? (await createRepository(session)).id,
  retention_days: 30,
}));

/** Inserts a row into replication_schedules and returns it. */
export const createSchedule = inserting('createSchedule', 'replication_schedules', (suffix) => ({
  id: `schedule-${suffix}`,
  name: `Nightly ${suffix}`,
  cron_expression: '0 2 * * *',
  timezone: 'UTC',
}));

/** Inserts a row into schedule_executions and returns it; inserts a schedule if none is named. */
export const createScheduleExecution = inserting(
  'createScheduleExecution',
  'schedule_executions',
  async (suffix, row, session) => ({
    id: `schedule-execution-${suffix}`,
    schedule_id: row['schedule_id'] ?? (await createSchedule(session)).id,
    scheduled_at: toWholeSecond(new Date()),
  }),
);

/** Inserts a row into vm_replication_contexts and returns it. */
export const createVm = inserting<'context_id'>('createVm', 'vm_replication_contexts', (suffix) => ({
  context_id: `ctx-web-${suffix}`,
  vm_name: `web-${suffix}`,
  vmware_vm_id: `4205${suffix}`,
  vm_path: `/Datacenter/vm/web-${suffix}`,
  vcenter_host: 'vcenter.example.test',
  datacenter: 'Datacenter',
}));

/** Inserts a row into vm_machine_groups and returns it. */
export const createGroup = inserting('createGroup', 'vm_machine_groups', (suffix) => ({
  id: `group-${suffix}`,
  name: `Web servers ${suffix}`,
}));

/** Inserts a row into backup_jobs and returns it; inserts a repository if none is named. */
export const createBackupJob = inserting('createBackupJob', 'backup_jobs', async (suffix, row, session) => {
  const vmName = (row['vm_name'] as string | undefined) ?? `web-${suffix}`;
  return {
    id: `backup-${vmName}-${Math.floor(Date.now() / 1000)}-${suffix}`.slice(0, 64),
    vm_context_id: `ctx-${vmName}`,
    vm_name: vmName,
    repository_id: row['repository_id'] ?? (await createRepository(session)).id,
    backup_type: 'incremental',
    repository_path: `/var/lib/backups/${vmName}.qcow2`,
  };
});

const readMembership = declareArguments('addToGroup', { ...readers, groupId: id, vmContextId: id });

/** Inserts a row into vm_group_memberships and returns it. */
export async function addToGroup(
  session: Queryable,
  groupId: string,
  vmContextId: string,
  overrides?: RowOverrides,
): Promise<InsertedRow> {
  const { overrides: row } = readMembership({ session, groupId, vmContextId, overrides });
  return insert(session, 'vm_group_memberships', {
    id: `membership-${uniqueSuffix()}`,
    group_id: groupId,
    vm_context_id: vmContextId,
    ...row,
  });
}

/** The ids of the rows that {@link seedPlatformRows} inserted. */
export interface PlatformIds {
  /** Two: a local one that the policy uses, a disabled one on NFS. */
  readonly repositories: readonly [string, string];
  readonly policy: string;
  /** Two: nightly in Europe/Berlin, hourly in UTC. */
  readonly schedules: readonly [string, string];
  /** Two of the nightly schedule: completed, scheduled. */
  readonly scheduleExecutions: readonly [string, string];
  /** Context ids; the first two are enabled members of the group, the third is a disabled one. */
  readonly vms: readonly [string, string, string];
  readonly group: string;
  /** One for each vm: completed, running, failed. */
  readonly backupJobs: readonly [string, string, string];
}

const read = declareArguments('seedPlatformRows', { session: aSession });

/**
 * Inserts a small, coherent set of platform rows. A test may call it several times: names and ids are unique.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for a value that is no session
 */
export async function seedPlatformRows(session: Queryable): Promise<PlatformIds> {
  read({ session });
  const local = await createRepository(session);
  const nfs = await createRepository(session, {
    repository_type: 'nfs',
    enabled: 0,
    config: JSON.stringify({ server: 'nas.example.test', export_path: '/backups' }),
  });
  const policy = await createPolicy(session, { primary_repository_id: local.id });
  const nightly = await createSchedule(session, { timezone: 'Europe/Berlin' });
  const hourly = await createSchedule(session, { cron_expression: '0 * * * *' });
  const group = await createGroup(session, { schedule_id: nightly.id });
  const completed = await createScheduleExecution(session, {
    schedule_id: nightly.id,
    group_id: group.id,
    status: 'completed',
    scheduled_at: new Date('2025-10-09T00:00:00Z'),
    started_at: new Date('2025-10-09T00:00:02Z'),
    completed_at: new Date('2025-10-09T00:41:17Z'),
  });
  const scheduled = await createScheduleExecution(session, { schedule_id: nightly.id, group_id: group.id });

  const vms = [await createVm(session), await createVm(session), await createVm(session)] as const;
  const jobs: string[] = [];
  for (const [index, status] of ['completed', 'running', 'failed'].entries()) {
    const vm = vms[index]!;
    await addToGroup(session, group.id, vm.context_id, { enabled: status === 'failed' ? 0 : 1 });
    const job = await createBackupJob(session, {
      vm_context_id: vm.context_id,
      vm_name: vm['vm_name'],
      repository_id: local.id,
      policy_id: policy.id,
      status,
      bytes_transferred: status === 'completed' ? 42_949_672_960 : 0,
    });
    jobs.push(job.id);
  }
  return {
    repositories: [local.id, nfs.id],
    policy: policy.id,
    schedules: [nightly.id, hourly.id],
    scheduleExecutions: [completed.id, scheduled.id],
    vms: [vms[0].context_id, vms[1].context_id, vms[2].context_id],
    group: group.id,
    backupJobs: [jobs[0]!, jobs[1]!, jobs[2]!],
  };
}
