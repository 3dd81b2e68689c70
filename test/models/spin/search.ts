import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of the models. */
export const modelsFolder = join(__dirname, '..');

/** What Spin makes of a model with some macros defined: a program that searches its states, in a folder of its own. */
export interface Verifier {
  readonly folder: string;
  readonly model: string;
  readonly defines: readonly string[];
}

/** What a search has found. */
export interface Verdict {
  /** True where every state that can be reached was looked at. */
  readonly isComplete: boolean;
  readonly errors: number;
  /** The formula that was searched for, as the program itself says. */
  readonly formula: string | null;
  readonly states: number;
  readonly output: string;
}

const flagsOf = (defines: readonly string[]): string[] => defines.map((name) => `-D${name}`);

/** A program of this name that is not there is a fault of the machine, and not of a model. */
async function execute(program: string, args: readonly string[], folder: string): Promise<string> {
  try {
    const { stdout } = await run(program, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: string; stdout?: string; stderr?: string };
    if (code === 'ENOENT') throw new Error(`${program} is not here; npm run test:models installs it`);
    throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

/**
 * Lets Spin write the search of a model, and the C compiler make it.
 *
 * @param folder where to make it; whoever gives it removes it
 */
export async function makeVerifier(
  model: string,
  defines: readonly string[],
  folder: string,
): Promise<Verifier> {
  const own = mkdtempSync(join(folder, `${model}-`));
  copyFileSync(join(modelsFolder, `${model}.pml`), join(own, `${model}.pml`));
  await execute('spin', [...flagsOf(defines), '-a', `${model}.pml`], own);
  // Not optimised: the compiler would take longer than the searches. NFAIR: as many processes as weak fairness has to tell apart
  await execute('gcc', ['-O0', '-w', '-DNFAIR=3', '-DMEMLIM=2048', '-o', 'pan', 'pan.c'], own);
  return { folder: own, model, defines };
}

const depth = 100_000;

/**
 * Searches all states for one that breaks the formula. A search that finds one leaves a trail, and looks for shorter ones.
 *
 * @param isFair only what can't be put off for ever counts: a step that stays possible is taken at some time
 */
export async function search(
  { folder }: Verifier,
  formula: string,
  { isFair = false, isShort = false } = {},
): Promise<Verdict> {
  const args = ['-a', ...(isFair ? ['-f'] : []), ...(isShort ? ['-i'] : []), `-m${depth}`, '-N', formula];
  const output = await execute('./pan', args, folder);
  return {
    isComplete:
      output.includes('Full statespace search for:') &&
      !/not completed|too small|out of memory/i.test(output),
    errors: Number(/errors: (\d+)/.exec(output)?.[1] ?? NaN),
    formula: /never claim\s+\+ \((\w+)\)/.exec(output)?.[1] ?? null,
    states: Number(/(\d+) states, stored/.exec(output)?.[1] ?? NaN),
    output,
  };
}

/** One step of a model: who does what with which argument, and what the model says that is there afterwards. */
export interface ModelStep {
  readonly who: number;
  readonly what: string;
  readonly argument: number | null;
  readonly state: Readonly<Record<string, string>>;
}

function stepsIn(output: string): ModelStep[] {
  return [...output.matchAll(/^\s*step: (\d+) (\w+)(?: (\d+))? \| (.*)$/gm)].map(
    ([, who, what = '', argument, state = '']) => ({
      who: Number(who),
      what,
      argument: argument === undefined ? null : Number(argument),
      state: Object.fromEntries(state.split(' ').map((pair) => pair.split('=') as [string, string])),
    }),
  );
}

/** The steps of the trail that a search has left. */
export async function readTrail({ folder, model, defines }: Verifier): Promise<ModelStep[]> {
  return stepsIn(await execute('spin', ['-T', '-t', ...flagsOf(defines), `${model}.pml`], folder));
}

/** The steps of a walk through the model that chance chooses; the same for the same seed. */
export async function walk(
  { folder, model, defines }: Verifier,
  seed: number,
  most = 2_000,
): Promise<ModelStep[]> {
  const args = ['-T', `-n${seed}`, `-u${most}`, ...flagsOf(defines), `${model}.pml`];
  return stepsIn(await execute('spin', args, folder));
}
