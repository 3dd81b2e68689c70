import type { Server } from '../../../src/engine/server/server';
import type { Death, Endings } from './deaths';
import { nameOf, type KillPoint, type Recording } from './recording';
import type { Scenario } from './scenarios';

/** Prints the numbers of a suite as one line of JSON. */
export function report(
  killed: 'client' | 'server' | 'session or node',
  scenario: Scenario,
  { flavour, version }: Server,
  { statements }: Recording,
  points: readonly KillPoint[],
  begun: number,
  made: {
    readonly deaths: readonly Death[];
    readonly endings: Endings;
    readonly before?: number;
  } | null = null,
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
      ...(made && { deaths: made.deaths.length, endings: made.endings.count - (made.before ?? 0) }),
      opposite: count(({ ending }) => ending === 'opposite'),
      seconds: Math.round((performance.now() - begun) / 100) / 10,
    }),
  );
}

/** Makes an error for a failed ending: it says where the run died, and for which points. */
export function failedAt(
  { place, points }: Death,
  { statements }: Pick<Recording, 'statements'>,
  cause: unknown,
): Error {
  const sql = statements[place.statement - 1]?.sql ?? '';
  const names = points.map((point) => nameOf(point)).join('; ');
  return new Error(`killed ${place.when} ${place.statement} (${names}): ${sql}\n${String(cause)}`, { cause });
}
