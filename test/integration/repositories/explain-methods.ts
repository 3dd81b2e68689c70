import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const folder = resolve(__dirname, '../../../src/repositories');

const isPublicMethod = (member: ts.ClassElement): boolean =>
  ts.isMethodDeclaration(member) &&
  (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;

/** The public methods of every class in `*.repository.ts`, as `Class.method`; at run time private ones look alike. */
export function publicMethods(): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.repository.ts'));
  return files.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
    return source.statements
      .filter((statement) => ts.isClassDeclaration(statement))
      .flatMap((one) =>
        one.members
          .filter(isPublicMethod)
          .map((member) => `${one.name?.text}.${member.name?.getText(source)}`),
      );
  });
}
