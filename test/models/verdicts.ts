import { temporaryFolder } from '../support/temporary-folder';
import type { Model } from './models';
import { makeVerifier, search, type Verifier } from './spin/search';

/** Registers the tests of a model: what holds in all of its states, and what each mutation breaks. */
export function describeModel({ name, searches, mutations }: Model): void {
  const folder = temporaryFolder();
  const made = new Map<string, Promise<Verifier>>();
  const verifier = (defines: readonly string[]): Promise<Verifier> => {
    const key = defines.join(' ');
    const known = made.get(key) ?? makeVerifier(name, defines, folder);
    made.set(key, known);
    return known;
  };

  describe(`the model ${name}`, () => {
    it.each(searches.map((one) => [one.formula, one.defines.join(' '), one] as const))(
      'holds %s in all of its states (%s)',
      async (formula, _, { defines, isFair }) => {
        const verdict = await search(await verifier(defines), formula, { isFair });
        expect(verdict).toMatchObject({ errors: 0, isComplete: true, formula });
        console.log(`${name} ${defines.join(' ')}: ${formula} holds in ${verdict.states} states`);
      },
    );
    it.each(mutations.map((one) => [one.lacks, one.formula, one] as const))(
      'without %s, breaks %s',
      async (_, formula, { defines, isFair }) => {
        const verdict = await search(await verifier(defines), formula, { isFair });
        expect(verdict).toMatchObject({ errors: 1, formula });
        // What is asserted is the formula, and not that an index is one of its array
        expect(verdict.output).toMatch(/pan:1: (assertion violated {2}!\(|acceptance cycle)/);
        expect(verdict.output).not.toContain('invalid array index');
      },
    );
  });
}
