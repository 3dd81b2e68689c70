import type { Flavour } from '../../src/engine/server/server';
import type { ServerAddress } from '../../src/testing/connection-url';

const variable = 'PROTECTION_FLOWS_SHARED_SERVER';
const otherNodesVariable = 'PROTECTION_FLOWS_SHARED_SERVER_OTHER_NODES';

/** The one server of a jest run, with default settings. */
export interface SharedServer extends ServerAddress {
  readonly flavour: Flavour;
  readonly version: string;
}

/** Makes the server, or the reason why there is none, known to the workers that jest forks. */
export function announceSharedServer(outcome: SharedServer | { readonly fault: string }): void {
  process.env[variable] = JSON.stringify(outcome);
}

/** @throws where there is none, with the reason. */
export function sharedServer(): SharedServer {
  const outcome = JSON.parse(process.env[variable] ?? '{"fault":"global setup did not run"}') as
    SharedServer | { fault: string };
  if ('fault' in outcome) throw new Error(outcome.fault);
  return outcome;
}

/** Makes the nodes known that are in one cluster with the shared server. */
export function announceOtherNodes(nodes: readonly ServerAddress[]): void {
  const addresses = nodes.map(({ host, port, username, password }) => ({ host, port, username, password }));
  process.env[otherNodesVariable] = JSON.stringify(addresses);
}

/** The nodes that are in one cluster with the shared server; none where it is no node. They are not to be harmed. */
export function otherNodes(): readonly ServerAddress[] {
  return JSON.parse(process.env[otherNodesVariable] ?? '[]') as ServerAddress[];
}
