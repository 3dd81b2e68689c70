import { checkCounts } from './counts';
import { checkCycles } from './cycles';
import type { Anomaly, AnomalyName, Operation } from './history';
import { checkLists, collectLists } from './lists';
import { checkStates, type StateRules } from './states';

export * from './history';
export type { StateRules } from './states';

/** Finds everything that no order of operations explains in which each happens at one instant between its beginning and end. */
export function checkHistory(history: readonly Operation[], rules: StateRules): Anomaly[] {
  const lists = collectLists(history);
  return [
    ...checkLists(history, lists),
    ...checkCycles(lists),
    ...checkStates(history, rules),
    ...checkCounts(history),
  ];
}

/** Counts how often each anomaly was found, without those that were not found. */
export function countAnomalies(anomalies: readonly Anomaly[]): Partial<Record<AnomalyName, number>> {
  const counts: Partial<Record<AnomalyName, number>> = {};
  for (const { name } of anomalies) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
