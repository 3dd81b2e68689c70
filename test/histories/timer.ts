import { setTimeout as delay } from 'node:timers/promises';
import { executeOn, type Target } from './targets';

const firstDue = Date.UTC(2026, 0, 1);
const everyMs = 400;

/**
 * Makes all flows due again and again, as another program would. Each time has a different due time, which must be decided at
 * most once.
 */
export function startTimer(target: Target, database: string): { stop(): Promise<void> } {
  let isStopped = false;
  const ticking = (async () => {
    for (let tick = 0; !isStopped; tick += 1) {
      const at = new Date(firstDue + tick * 60_000).toISOString().slice(0, 19).replace('T', ' ');
      const node = target.nodes[tick % target.nodes.length]!;
      // A stopped node or a conflict with another writer does not matter: the next tick follows
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
