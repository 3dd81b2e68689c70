import type { Flavour } from '../../src/schema/server';
import type { ServerAddress } from '../../src/testing/connection-url';

const variable = 'PROTECTION_FLOWS_SHARED_SERVER';

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
