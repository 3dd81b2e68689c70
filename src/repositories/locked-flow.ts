import { flowNotFound } from './not-found';
import type { Session } from './session';

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
