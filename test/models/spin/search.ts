import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of the models. */
export const modelsFolder = join(__dirname, '..');

/** The program that Spin writes for a model with some macros defined. It searches the model's states, in its own folder. */
export interface Verifier {
  readonly folder: string;
  readonly model: string;
  readonly defines: readonly string[];
}

/** The result of a search. */
export interface Verdict {
  /** True if the search visited every state that can be reached. */
  readonly isComplete: boolean;
  readonly errors: number;
  /** The formula that the program says it has checked. */
  readonly formula: string | null;
  readonly states: number;
  readonly output: string;
}

const flagsOf = (defines: readonly string[]): string[] => defines.map((name) => `-D${name}`);

/** Runs a program. A missing program is a fault of the machine, not of a model. */
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
 * Has Spin write the search program of a model, and the C compiler build it.
 *
 * @param folder where to build it; the caller removes it
 */
export async function makeVerifier(
  model: string,
  defines: readonly string[],
  folder: string,
): Promise<Verifier> {
  const own = mkdtempSync(join(folder, `${model}-`));
  copyFileSync(join(modelsFolder, `${model}.pml`), join(own, `${model}.pml`));
  await execute('spin', [...flagsOf(defines), '-a', `${model}.pml`], own);
  // Without optimisation: the compiler would take longer than the searches. NFAIR: the number of processes for weak fairness
  await execute('gcc', ['-O0', '-w', '-DNFAIR=3', '-DMEMLIM=2048', '-o', 'pan', 'pan.c'], own);
  return { folder: own, model, defines };
}

const depth = 100_000;

/**
 * Searches all states for one that breaks the formula. A search that finds one writes a trail; with `isShort` it goes on to
 * shorter ones.
 *
 * @param isFair assumes weak fairness: a process that can always take a step eventually takes one
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

/** One step of a model: which process does what, with which argument, and the model's state afterwards. */
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

/** Reads the steps of the trail that a search wrote. */
export async function readTrail({ folder, model, defines }: Verifier): Promise<ModelStep[]> {
  return stepsIn(await execute('spin', ['-T', '-t', ...flagsOf(defines), `${model}.pml`], folder));
}

/** Returns the steps of a random walk through the model; the same seed gives the same walk. */
export async function walk(
  { folder, model, defines }: Verifier,
  seed: number,
  most = 2_000,
): Promise<ModelStep[]> {
  const args = ['-T', `-n${seed}`, `-u${most}`, ...flagsOf(defines), `${model}.pml`];
  return stepsIn(await execute('spin', args, folder));
}
