import type { ExecutionStatus } from '../../domain';
import { executionNotFound, flowStillRunning } from '../refusals';
import { marks } from '../lists';
import type { Session } from '../session';
import { metadataIn } from './metadata';
import { findRunningOf, lockFlow } from './start';

/**
 * Runs of the queue go to `running`, and their flows show them. Whoever calls holds the flows' rows and has seen that none
 * of them runs.
 *
 * @returns how many rows of runs and flows were matched: 0 where none of the runs waits any more
 */
export function beginRuns(session: Session, ids: readonly string[], worker: string | null): Promise<number> {
  const metadata =
    worker === null
      ? ''
      : `, e.execution_metadata = JSON_SET(${metadataIn('e.execution_metadata')}, '$.worker', ?)`;
  return session.write(
    `UPDATE protection_flow_executions e JOIN protection_flows f ON f.id = e.flow_id
        SET e.status = 'running', e.started_at = CURRENT_TIMESTAMP${metadata},
            f.last_execution_id = e.id, f.last_execution_status = 'running', f.last_execution_time = CURRENT_TIMESTAMP
      WHERE e.id IN (${marks(ids)}) AND e.status = 'pending'`,
    [...(worker === null ? [] : [worker]), ...ids],
  );
}

/**
 * Begins one run of the queue; whoever begins another run of the flow meanwhile waits at the flow's row.
 *
 * @returns false where it does not wait any more
 * @throws EXECUTION_NOT_FOUND; FLOW_STILL_RUNNING
 */
export function beginExecution(session: Session, id: string): Promise<boolean> {
  const read = async (own: Session) => {
    const [run] = await own.select<{ flow_id: string; status: ExecutionStatus }>(
      `SELECT flow_id, status FROM protection_flow_executions WHERE id = ? ${own.currentRead}`,
      [id],
    );
    if (run === undefined) throw executionNotFound(id);
    return run;
  };
  // READ COMMITTED: what is read after the lock has to be what is there then
  return session.transaction(async (own) => {
    const { flow_id } = await read(own);
    await lockFlow(own, flow_id);
    const running = await findRunningOf(own, flow_id);
    if (running === null) return (await beginRuns(own, [id], null)) > 0;
    if ((await read(own)).status !== 'pending') return false;
    throw flowStillRunning(flow_id, running);
  }, 'READ COMMITTED');
}
