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

/** What to do about a flow whose row another transaction holds. */
export type WhereHeld = 'wait' | 'pass over';

/**
 * Holds the rows of flows: whoever deletes one of them meanwhile waits, and then forgets what was kept of it.
 *
 * @param ids as they are stored
 * @param whereHeld whoever claims or plans passes over what others hold, and never waits for them
 * @returns those that are there, and held now
 */
export async function holdFlows(
  session: Session,
  ids: readonly string[],
  whereHeld: WhereHeld,
): Promise<Set<string>> {
  const rows = await session.select<{ id: string }>(
    `SELECT id FROM protection_flows WHERE id IN (${marks(ids)}) ORDER BY id
      ${whereHeld === 'wait' ? 'LOCK IN SHARE MODE' : 'FOR UPDATE SKIP LOCKED'}`,
    ids,
  );
  return new Set(rows.map(({ id }) => id));
}
