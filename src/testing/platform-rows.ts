import { randomBytes } from 'node:crypto';
import { declareArguments, id } from '../arguments';
import { quoteName, type Queryable } from '../engine/server/queryable';
import { overrides, session as aSession } from './arguments';

/** Columns that a test cares about; the others get plausible values. */
export type RowOverrides = Readonly<Record<string, unknown>>;

/** A row as it was inserted; columns that were left to their defaults are not in it. */
export type InsertedRow<Key extends string = 'id'> = Readonly<Record<string, unknown>> &
  Readonly<Record<Key, string>>;

/** Differs at each call, so that unique names don't clash. */
export function uniqueSuffix(): string {
  return randomBytes(4).toString('hex');
}

/** Now, without the milliseconds that a timestamp column would round. */
export function wholeSecond(date: Date = new Date()): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

async function insert<T extends RowOverrides>(session: Queryable, table: string, row: T): Promise<T> {
  const columns = Object.keys(row).map(quoteName).join(', ');
  const marks = Object.keys(row).map(() => '?');
  await session.query(`INSERT INTO ${table} (${columns}) VALUES (${marks.join(', ')})`, Object.values(row));
  return row;
}

const readers = { session: aSession, overrides };

/** Reads the arguments of one of these functions; throws VALIDATION_FAILED, naming everything that is wrong with them. */
const reading = (name: string) => declareArguments(name, readers);

const readRepository = reading('createRepository');

/** Inserts a row into backup_repositories and returns it. */
export async function createRepository(session: Queryable, overrides?: RowOverrides): Promise<InsertedRow> {
  const { overrides: row } = readRepository({ session, overrides });
  const suffix = uniqueSuffix();
  return insert(session, 'backup_repositories', {
    id: `repo-local-${suffix}`,
    name: `Local repository ${suffix}`,
    repository_type: 'local',
    config: JSON.stringify({ path: `/var/lib/backups/${suffix}` }),
    total_size_bytes: 2_000_000_000_000,
    ...row,
  });
}

const readPolicy = reading('createPolicy');

/** Inserts a row into backup_policies and returns it; makes a repository where none is named. */
export async function createPolicy(session: Queryable, overrides?: RowOverrides): Promise<InsertedRow> {
  const { overrides: row } = readPolicy({ session, overrides });
  const suffix = uniqueSuffix();
  const repository = row['primary_repository_id'] ?? (await createRepository(session)).id;
  return insert(session, 'backup_policies', {
    id: `policy-${suffix}`,
    name: `Daily, 30 days ${suffix}`,
    primary_repository_id: repository,
    retention_days: 30,
    ...row,
  });
}

const readSchedule = reading('createSchedule');

/** Inserts a row into replication_schedules and returns it. */
export async function createSchedule(session: Queryable, overrides?: RowOverrides): Promise<InsertedRow> {
  const { overrides: row } = readSchedule({ session, overrides });
  const suffix = uniqueSuffix();
  return insert(session, 'replication_schedules', {
    id: `schedule-${suffix}`,
    name: `Nightly ${suffix}`,
    cron_expression: '0 2 * * *',
    timezone: 'UTC',
    ...row,
  });
}

const readScheduleExecution = reading('createScheduleExecution');

/** Inserts a row into schedule_executions and returns it; makes a schedule where none is named. */
export async function createScheduleExecution(
  session: Queryable,
  overrides?: RowOverrides,
): Promise<InsertedRow> {
  const { overrides: row } = readScheduleExecution({ session, overrides });
  const schedule = row['schedule_id'] ?? (await createSchedule(session)).id;
  return insert(session, 'schedule_executions', {
    id: `schedule-execution-${uniqueSuffix()}`,
    schedule_id: schedule,
    scheduled_at: wholeSecond(),
    ...row,
  });
}

const readVm = reading('createVm');

/** Inserts a row into vm_replication_contexts and returns it. */
export async function createVm(
  session: Queryable,
  overrides?: RowOverrides,
): Promise<InsertedRow<'context_id'>> {
  const { overrides: row } = readVm({ session, overrides });
  const suffix = uniqueSuffix();
  return insert(session, 'vm_replication_contexts', {
    context_id: `ctx-web-${suffix}`,
    vm_name: `web-${suffix}`,
    vmware_vm_id: `4205${suffix}`,
    vm_path: `/Datacenter/vm/web-${suffix}`,
    vcenter_host: 'vcenter.example.test',
    datacenter: 'Datacenter',
    ...row,
  });
}

const readGroup = reading('createGroup');

/** Inserts a row into vm_machine_groups and returns it. */
export async function createGroup(session: Queryable, overrides?: RowOverrides): Promise<InsertedRow> {
  const { overrides: row } = readGroup({ session, overrides });
  const suffix = uniqueSuffix();
  return insert(session, 'vm_machine_groups', {
    id: `group-${suffix}`,
    name: `Web servers ${suffix}`,
    ...row,
  });
}

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

const readBackupJob = reading('createBackupJob');

/** Inserts a row into backup_jobs and returns it; makes a repository where none is named. */
export async function createBackupJob(session: Queryable, overrides?: RowOverrides): Promise<InsertedRow> {
  const { overrides: row } = readBackupJob({ session, overrides });
  const suffix = uniqueSuffix();
  const vmName = (row['vm_name'] as string | undefined) ?? `web-${suffix}`;
  const repository = row['repository_id'] ?? (await createRepository(session)).id;
  return insert(session, 'backup_jobs', {
    id: `backup-${vmName}-${Math.floor(Date.now() / 1000)}-${suffix}`.slice(0, 64),
    vm_context_id: `ctx-${vmName}`,
    vm_name: vmName,
    repository_id: repository,
    backup_type: 'incremental',
    repository_path: `/var/lib/backups/${vmName}.qcow2`,
    ...row,
  });
}
