import type { Server } from '../../../src/engine/server/server';
import { nameOf, type KillPoint, type Recording } from './recording';
import type { Scenario } from './scenarios';

/** The numbers of a suite, as one line of JSON. */
export function report(
  killed: 'client' | 'server' | 'session or node',
  scenario: Scenario,
  { flavour, version }: Server,
  { statements }: Recording,
  points: readonly KillPoint[],
  begun: number,
): void {
  const count = (isOne: (point: KillPoint) => boolean): number => points.filter(isOne).length;
  console.log(
    JSON.stringify({
      killed,
      scenario: scenario.name,
      server: `${flavour} ${version}`,
      statements: statements.length,
      killPoints: points.length,
      during: count(({ when }) => when === 'during'),
      opposite: count(({ ending }) => ending === 'opposite'),
      seconds: Math.round((performance.now() - begun) / 100) / 10,
    }),
  );
}

/** Says where a run died of which the ending went wrong. */
export function failedAt(point: KillPoint, { statements }: Recording, cause: unknown): Error {
  const sql = statements[point.statement - 1]?.sql ?? '';
  return new Error(`killed ${nameOf(point)}: ${sql}\n${String(cause)}`, { cause });
}
