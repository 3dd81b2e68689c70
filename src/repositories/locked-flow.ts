import { flowNotFound } from './not-found';
import type { Session } from './session';
import { marks } from './statements';

/** A flow's id as it is stored, and the server's time. */
export interface LockedFlow {
  readonly id: string;
  readonly at: Date;
}

/**
 * Locks the flow's row: whoever begins a run of it meanwhile waits there, and then sees this one.
 *
 * @throws FLOW_NOT_FOUND
 */
export async function lockFlow(session: Session, flowId: string): Promise<LockedFlow> {
  const [flow] = await session.select<LockedFlow>(
    'SELECT id, CURRENT_TIMESTAMP AS at FROM protection_flows WHERE id = ? FOR UPDATE',
    [flowId],
  );
  if (flow === undefined) throw flowNotFound(flowId);
  return flow;
}

/**
 * Holds the rows of flows, for others to read: whoever deletes one of them meanwhile waits, and then forgets what was kept of it.
 *
 * @param ids as they are stored
 * @returns those that are there
 */
export async function holdFlows(session: Session, ids: readonly string[]): Promise<Set<string>> {
  const rows = await session.select<{ id: string }>(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id LOCK IN SHARE MODE`,
    ids,
  );
  return new Set(rows.map(({ id }) => id));
}
