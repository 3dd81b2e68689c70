import type { AuditedRuns } from '../../../src/repositories';

/** The expected label of a run, from a calculation that does not use `src/schedule`. */
export type Label = readonly [finding: string, reason: string | null, lateSeconds: number | null];
export type Expected = readonly (readonly [due: number, label: Label])[];

/** Joins consecutive runs with the same label into one span, as an audit does. */
export function spans(expected: Expected): AuditedRuns[] {
  const found: AuditedRuns[] = [];
  for (const [due, [finding, reason, lateSeconds]] of expected) {
    const last = found.at(-1);
    const time = new Date(due);
    if (last && last.finding === finding && last.reason === reason && last.lateSeconds === lateSeconds)
      found[found.length - 1] = { ...last, lastDueAt: time, runs: last.runs + 1 };
    else
      found.push({ finding, reason, lateSeconds, firstDueAt: time, lastDueAt: time, runs: 1 } as AuditedRuns);
  }
  return found;
}
