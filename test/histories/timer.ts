import { setTimeout as delay } from 'node:timers/promises';
import { executeOn, type Target } from './targets';

const firstDue = Date.UTC(2026, 0, 1);
const everyMs = 400;

/**
 * Makes all flows due again and again, as another program would: each time for an instant of its own, so that what was
 * due then is decided once at most.
 */
export function startTimer(target: Target, database: string): { stop(): Promise<void> } {
  let isStopped = false;
  const ticking = (async () => {
    for (let tick = 0; !isStopped; tick += 1) {
      const at = new Date(firstDue + tick * 60_000).toISOString().slice(0, 19).replace('T', ' ');
      const node = target.nodes[tick % target.nodes.length]!;
      // A node that is down, or another writer that was first, is no matter: the next tick comes
      await executeOn(
        node,
        `SET SESSION time_zone = '+00:00'`,
        `UPDATE \`${database}\`.protection_flows SET next_execution_time = '${at}'`,
      ).catch(() => undefined);
      await delay(everyMs);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await ticking;
    },
  };
}
