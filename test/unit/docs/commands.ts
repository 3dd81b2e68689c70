import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createProgram } from '../../../src/cli/program';
import { folder } from './code-blocks';

const { name, scripts, peerDependencies, devDependencies } = JSON.parse(
  readFileSync(resolve(folder, 'package.json'), 'utf8'),
) as { name: string } & Record<'scripts' | 'peerDependencies' | 'devDependencies', Record<string, string>>;

/** The packages that a reader may install: this one, its peers and its development dependencies. */
const packages = new Set([name, ...Object.keys({ ...peerDependencies, ...devDependencies })]);

/** The words of a command, without quotes. */
const wordsOf = (text: string): string[] =>
  (text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? []).map((word) => word.replaceAll(/['"]/g, ''));

/** The commands of a shell text: one for each program that it starts. */
export function commandsIn(text: string): string[] {
  return text
    .replaceAll(/\\\n/g, ' ')
    .replaceAll(/'[^']*'|"[^"]*"/g, (quoted) => quoted.replaceAll(/[|&;#\n]/g, '_'))
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/\s(?:\|\|?|&&)\s|;\s/))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** The fault in the arguments of this package's command line; null if there is none. */
export async function faultOfArguments(args: readonly string[]): Promise<string | null> {
  const program = createProgram(
    () => undefined,
    () => Promise.resolve(),
  );
  for (const command of [program, ...program.commands])
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return null;
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    return /help|version/.test(code) ? null : message;
  }
}

const npmFault = ([verb = '', ...rest]: readonly string[]): string | null => {
  const given = rest.filter((word) => !word.startsWith('-'));
  if (verb === 'install' || verb === 'i') {
    const unknown = given.map((word) => word.replace(/(.)@.*$/, '$1')).find((word) => !packages.has(word));
    return unknown === undefined ? null : `${unknown} is no package that this one knows of`;
  }
  const script = verb === 'run' ? given[0] : verb;
  return ['ci', 'init', 'pack', 'audit'].includes(verb) || Object.hasOwn(scripts, script ?? '')
    ? null
    : `there is no script ${script}`;
};

/** Programs of others that the documents start. */
const others = new Set([
  'curl',
  'export',
  'node',
  'jq',
  'typeorm',
  'typeorm-ts-node-commonjs',
  'ts-node',
  'jest',
]);

/** The fault in a command of a document; null if there is none. */
export async function faultOfCommand(command: string): Promise<string | null> {
  const words = wordsOf(command.replace(/\s>>?\s?\S+/g, ''));
  while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift();
  if (words[0] === 'npx') words.shift();
  const [program, ...args] = words;
  if (program === undefined || others.has(program)) return null;
  if (program === 'npm') return npmFault(args);
  return program === 'protection-flows' ? faultOfArguments(args) : `${program} is not known here`;
}
