import { type Queryable, addToGroup, createBackupJob, createGroup, createVm } from '../../../src/testing';
import { ids } from './platform';

/** A group of the VMs server-1 to server-8. */
export const groupOfEight = 'group-8';

/** Inserts the group. The platform's other rows must exist. */
export async function addGroupOfEight(session: Queryable): Promise<void> {
  await createGroup(session, { id: groupOfEight, name: 'Eight servers' });
  for (let number = 1; number <= 8; number += 1) {
    const vm = { context_id: `ctx-${number}`, vm_name: `server-${number}` };
    await createVm(session, vm);
    await addToGroup(session, groupOfEight, vm.context_id, { priority: number });
  }
}

const at = (minutesAgo: number): Date =>
  new Date(Math.floor(Date.now() / 1_000) * 1_000 - minutesAgo * 60_000);

/**
 * Inserts 25 runs of the flow: 23 ended runs, one under way whose second of two jobs runs, and the newest, which was
 * cancelled before it began.
 */
export async function addHistory(session: Queryable, flowId: string): Promise<void> {
  const add = async (minutesAgo: number, columns: Readonly<Record<string, unknown>>): Promise<void> => {
    const times = { started_at: at(minutesAgo), created_at: at(minutesAgo) };
    const all = {
      id: `run-${minutesAgo}`,
      flow_id: flowId,
      execution_type: 'scheduled',
      ...times,
      ...columns,
    };
    const marks = Object.keys(all).map(() => '?');
    const sql = `INSERT INTO protection_flow_executions (${Object.keys(all).join(', ')}) VALUES (${marks.join(', ')})`;
    await session.query(sql, Object.values(all));
  };
  for (let minutes = 25; minutes > 2; minutes -= 1) {
    const status = ['success', 'warning', 'error'][minutes % 3];
    const error_message = status === 'error' ? `the disk of ${minutes} is full` : null;
    const end = { status, error_message, completed_at: at(minutes - 0.5), execution_time_seconds: 30 };
    await add(minutes, { ...end, jobs_created: 8, jobs_completed: 8 });
  }
  await add(2, { status: 'running', created_job_ids: '["backup-1", "backup-2"]' });
  await add(1, { status: 'cancelled', started_at: null, completed_at: at(0), error_message: 'not today' });
  const ofServer = (number: number) => ({
    id: `backup-${number}`,
    vm_context_id: `ctx-${number}`,
    vm_name: `server-${number}`,
    repository_id: ids.repository,
  });
  const done = { status: 'completed', bytes_transferred: 5_000, started_at: at(2), completed_at: at(1) };
  await createBackupJob(session, { ...ofServer(1), ...done });
  const telemetry = { current_phase: 'transferring', progress_percent: 40, last_telemetry_at: new Date() };
  await createBackupJob(session, { ...ofServer(2), status: 'running', ...telemetry });
}
