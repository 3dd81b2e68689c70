import fc from 'fast-check';
import { flowOf, mutants } from './mutants';
import { races, racesOf, run, told, type Race, type Seen } from './race';
import { useTrack } from './track';

/** The steps, without values that differ in every race: times, and ids that the package makes. */
const form = ({ steps }: Seen): string[] =>
  steps.map(
    ({ actor, what, sql }) => `${actor} ${what} ${sql.replaceAll(/'[^']*'/g, '?').replaceAll(/\s+/g, ' ')}`,
  );

// Without this, a race with a fault could not be repeated or shortened.
describe('a race', () => {
  const track = useTrack();

  it('takes the same steps each time', async () => {
    for (const race of fc.sample(races, { numRuns: 15, seed: 7 })) {
      const first = await run(track(), race);
      expect(form(await run(track(), race))).toEqual(form(first));
    }
  });

  it('that was found shrinks to two calls with few switches between them, and its path reproduces it at once', async () => {
    const mutant = mutants[0]!;
    const tried: Race[] = [];
    const property = fc.asyncProperty(
      racesOf(fc.constantFrom(...mutant.calls), flowOf(mutant), true),
      async (race) => {
        tried.push(race);
        const seen = await run(track(), race, mutant.rewrite);
        if (seen.faults.length > 0) throw new Error(told(race, seen));
      },
    );
    const found = await fc.check(property, { numRuns: 300, seed: 11, endOnFailure: false });
    const [race] = found.counterexample!;
    expect(race.actors.flat()).toHaveLength(2);
    expect(race.faults).toEqual([]);
    expect(race.turns.filter((turn) => turn > 0).length).toBeLessThanOrEqual(4);
    tried.length = 0;
    const again = await fc.check(property, {
      seed: found.seed,
      path: found.counterexamplePath!,
      endOnFailure: true,
    });
    expect(again.failed).toBe(true);
    expect(JSON.stringify(tried)).toBe(JSON.stringify([race]));
  });
});
