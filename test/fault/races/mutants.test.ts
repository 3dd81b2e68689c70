import fc from 'fast-check';
import { flowOf, mutants } from './mutants';
import { racesOf, run, told, type Race } from './race';
import { useTrack } from './track';

/** Each mutant must be found within this number of races. */
const budget = 300;
const seed = 1;

// Without this, the search could be unable to find any fault.
describe('the search', () => {
  const track = useTrack();

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    'finds the fault of %s',
    async (_, mutant) => {
      const races = racesOf(fc.constantFrom(...mutant.calls), flowOf(mutant), false);
      let first: Race | undefined;
      const convicted = await fc.check(
        fc.asyncProperty(races, async (race) => {
          const seen = await run(track(), race, mutant.rewrite);
          if (seen.faults.length === 0) return;
          first ??= race;
          throw new Error(told(race, seen));
        }),
        { numRuns: budget, seed, endOnFailure: true },
      );
      expect(String(convicted.errorInstance)).toMatch(mutant.shows);
      // The same race with the correct program has no fault
      expect((await run(track(), first!)).faults).toEqual([]);
    },
  );
});
