import { verdict } from '../support/verdict';
import type { Result } from './summary';

/** The goals of the online way to add a key. */
const goals = { fromRows: 1_000_000, aboveControlMs: 20, stallShorter: 200, totalShorter: 20 };

function timesShorter(what: string, ours: number, plain: number, goal: number): string {
  const times = plain / ours;
  return verdict(
    times >= goal,
    `${what} ${times.toFixed(0)} times shorter than the plain ALTER's (${ours.toFixed(1)} against ${plain.toFixed(0)} ms; goal: at least ${goal})`,
    `${(ours - plain / goal).toFixed(1)} ms`,
  );
}

/** Compares the medians of one server and size with the goals, from the size on for which they are set. */
export function verdicts({ rows, summaries: { ours, plain } }: Result): string[] {
  if (rows < goals.fromRows) return [];
  const above = ours.stall.median - ours.controlStall.median;
  return [
    verdict(
      above <= goals.aboveControlMs,
      `longest writer stall ${above.toFixed(1)} ms above the control of the same length (goal: at most ${goals.aboveControlMs})`,
      `${(above - goals.aboveControlMs).toFixed(1)} ms`,
    ),
    timesShorter('longest writer stall', ours.stall.median, plain.stall.median, goals.stallShorter),
    timesShorter('total time', ours.total.median, plain.total.median, goals.totalShorter),
  ];
}
