import type { Probe } from './probe';

/** Inserts a replication flow, which needs no repository, with the given columns besides. */
export function insertFlow(probe: Probe, given: Readonly<Record<string, string>> = {}): Promise<string> {
  return probe.insert('protection_flows', 'id', {
    name: probe.newId(),
    flow_type: 'replication',
    destination_type: 'ossea',
    ...given,
  });
}

/** Inserts an execution of that flow, with the given columns besides. */
export function insertExecution(
  probe: Probe,
  flowId: string,
  given: Readonly<Record<string, string>> = {},
): Promise<string> {
  return probe.insert('protection_flow_executions', 'id', { flow_id: flowId, ...given });
}
