import { temporaryFolder } from '../support/temporary-folder';
import type { Model } from './models';
import { makeVerifier, search, type Verifier } from './spin/search';

/** Registers a model's tests: its formulas hold in all states, and each mutation breaks its formula. */
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
    it.each(mutations.map((one) => [one.formula, one.lacks, one] as const))(
      'breaks %s without %s',
      async (formula, _, { defines, isFair }) => {
        const verdict = await search(await verifier(defines), formula, { isFair });
        expect(verdict).toMatchObject({ errors: 1, formula });
        // The broken assertion must be the formula, not Spin's own check of an array index
        expect(verdict.output).toMatch(/pan:1: (assertion violated {2}!\(|acceptance cycle)/);
        expect(verdict.output).not.toContain('invalid array index');
      },
    );
  });
}
