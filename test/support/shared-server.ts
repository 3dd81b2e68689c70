import type { Flavour } from '../../src/engine/server/server';
import type { ServerAddress } from '../../src/testing/connection-url';

const variable = 'PROTECTION_FLOWS_SHARED_SERVER';
const otherNodesVariable = 'PROTECTION_FLOWS_SHARED_SERVER_OTHER_NODES';

/** The server that a jest run shares, with default settings. */
export interface SharedServer extends ServerAddress {
  readonly flavour: Flavour;
  readonly version: string;
}

/** Passes the server, or the reason why there is none, to the workers that jest forks. */
export function announceSharedServer(outcome: SharedServer | { readonly fault: string }): void {
  process.env[variable] = JSON.stringify(outcome);
}

/** @throws the reason, if there is no shared server */
export function sharedServer(): SharedServer {
  const outcome = JSON.parse(process.env[variable] ?? '{"fault":"global setup did not run"}') as
    SharedServer | { fault: string };
  if ('fault' in outcome) throw new Error(outcome.fault);
  return outcome;
}

/** Tells the workers the other nodes of the shared server's cluster. */
export function announceOtherNodes(nodes: readonly ServerAddress[]): void {
  const addresses = nodes.map(({ host, port, username, password }) => ({ host, port, username, password }));
  process.env[otherNodesVariable] = JSON.stringify(addresses);
}

/** The other nodes of the shared server's cluster; empty without a cluster. Tests must not harm them. */
export function otherNodes(): readonly ServerAddress[] {
  return JSON.parse(process.env[otherNodesVariable] ?? '[]') as ServerAddress[];
}
