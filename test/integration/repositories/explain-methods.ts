import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const folder = resolve(__dirname, '../../../src/repositories');

const isPublicMethod = (member: ts.ClassElement): boolean =>
  ts.isMethodDeclaration(member) &&
  (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;

function classesIn(name: string): [name: string | undefined, methods: string[]][] {
  const text = readFileSync(join(folder, name), 'utf8');
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  return source.statements
    .filter((statement) => ts.isClassDeclaration(statement))
    .map((one) => [
      one.name?.text,
      one.members.filter(isPublicMethod).map((member) => `${member.name?.getText(source)}`),
    ]);
}

/**
 * Returns the public methods of every class in `*.repository.ts`, with inherited ones, as `Class.method`. Reads the source,
 * because private methods look like public ones at run time.
 */
export function publicMethods(): string[] {
  const inherited = classesIn('session.ts')
    .filter(([name]) => name === 'Repository')
    .flatMap(([, methods]) => methods);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.repository.ts'))
    .flatMap(classesIn)
    .flatMap(([name, methods]) => [...inherited, ...methods].map((method) => `${name}.${method}`));
  // A method with overloads is declared more than once
  return [...new Set(names)];
}
