import fc from 'fast-check';
import { races, run, told } from './race';
import { useTrack } from './track';

const count = Number(process.env['RACES'] ?? 300);
const seed = Number(process.env['RACES_SEED'] ?? Date.now() % 1_000_000);

// Without this, an unexpected order of statements could begin a run twice, or make a call answer wrongly.
describe(`${count} interleavings of calls to the data layer (seed ${seed})`, () => {
  const track = useTrack();

  it('leave no impossible state after any commit', async () => {
    const seen = { statements: 0, waits: 0, undecided: 0 };
    const property = fc.asyncProperty(races, async (race) => {
      const result = await run(track(), race);
      seen.statements += result.steps.filter(({ what }) => what !== 'answered').length;
      seen.waits += result.steps.filter(({ what }) => what.includes('waits')).length;
      if (result.undecided !== null) seen.undecided += 1;
      if (result.faults.length > 0) throw new Error(told(race, result));
    });
    await fc.assert(property, { numRuns: count, seed, endOnFailure: false });
    expect(seen.undecided).toBeLessThanOrEqual(Math.ceil(count / 50));
    console.log(JSON.stringify({ races: count, seed, ...seen }));
  }, 36_000_000);
});
