import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The folder of the repository. */
export const folder = resolve(__dirname, '../../..');

/** A block of code in a document. */
export interface CodeBlock {
  /** Where it begins, such as `docs/worker.md:12`. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** The file that the line above it names, if any. */
  readonly file: string | undefined;
}

/** The text of a document of the repository. */
export const readDocument = (path: string): string => readFileSync(resolve(folder, path), 'utf8');

/** Every document of the repository. */
export const documents: readonly string[] = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.md'],
  {
    cwd: folder,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path !== '');

/** The code blocks of a document, without the indentation of an enclosing list. */
function blocksOf(path: string): CodeBlock[] {
  const text = readDocument(path);
  return [...text.matchAll(/^( *)```(\w*)[^\n]*\n([^]*?)^\1```$/gm)].map((found) => {
    const [, indent = '', language = '', code = ''] = found;
    const line = text.slice(0, found.index).split('\n').length;
    const file = /`(?:[^`\n]*\/)?([^`\n/]+\.ts)`\s*$/.exec(text.slice(0, found.index))?.[1];
    return {
      place: `${path}:${line}`,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      file,
    };
  });
}

/** Every code block of the documents in one of these languages. */
export const blocksIn = (...languages: readonly string[]): CodeBlock[] =>
  documents.flatMap(blocksOf).filter(({ language }) => languages.includes(language));
