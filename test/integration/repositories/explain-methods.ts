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
 * The public methods of every class in `*.repository.ts`, those of its base class among them, as `Class.method`; at run time
 * private ones look alike.
 */
export function publicMethods(): string[] {
  const inherited = classesIn('session.ts')
    .filter(([name]) => name === 'Repository')
    .flatMap(([, methods]) => methods);
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.repository.ts'))
    .flatMap(classesIn)
    .flatMap(([name, methods]) => [...inherited, ...methods].map((method) => `${name}.${method}`));
  // A method may be declared more than once, for each of its forms
  return [...new Set(names)];
}
