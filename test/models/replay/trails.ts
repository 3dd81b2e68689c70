import { makeVerifier, readTrail, search, walk, type ModelStep, type Verifier } from '../spin/search';

/** Plays a model's steps on a server. */
interface Player {
  /** Resolves to `waits` if the step waits for a row lock, which no step of a model does. */
  play(step: ModelStep): Promise<unknown>;
  /** Reads the state of the server, in the model's words. */
  state(): Promise<Record<string, string>>;
  /** Ends all that is still under way. */
  end(): Promise<void>;
}

const inWords = ({ who, what, argument }: ModelStep): string => `${who} ${what} ${argument ?? ''}`.trim();

/** How many walks a test plays; `MODEL_WALKS` sets the number. */
export const walks = Number(process.env.MODEL_WALKS ?? 30);

/**
 * Plays random walks through the model, the same each time. After each step the server's state must equal the model's.
 *
 * @param begin makes the player of one walk
 */
export async function playWalks(
  verifier: Verifier,
  count: number,
  begin: (steps: readonly ModelStep[]) => Promise<Player>,
): Promise<void> {
  const kinds = new Set<string>();
  let played = 0;
  for (let seed = 1; seed <= count; seed += 1) {
    const steps = await walk(verifier, seed);
    const player = await begin(steps);
    const said: string[] = [];
    for (const step of steps) {
      said.push(inWords(step));
      const progress = await player.play(step).catch((error: unknown) => {
        throw new Error(`walk ${seed}: ${said.join(', ')}\n${String(error)}`, { cause: error });
      });
      const found = await player.state();
      const wanted = Object.fromEntries(Object.keys(found).map((name) => [name, step.state[name]]));
      expect([seed, progress === 'waits', found, said]).toEqual([seed, false, wanted, said]);
      played += 1;
      kinds.add(step.what);
    }
    await player.end();
  }
  console.log(`${played} steps of ${kinds.size} kinds in ${count} walks`);
}

/** The steps by which a model with these macros breaks the formula; `said` are the same steps as text. */
export async function readCounterexample(
  model: string,
  defines: readonly string[],
  formula: string,
  folder: string,
  isFair = false,
): Promise<{ steps: readonly ModelStep[]; said: readonly string[] }> {
  const verifier = await makeVerifier(model, defines, folder);
  await search(verifier, formula, { isFair, isShort: true });
  const steps = await readTrail(verifier);
  return { steps, said: steps.map(inWords) };
}
