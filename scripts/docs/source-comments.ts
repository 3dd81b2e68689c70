import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const folder = resolve(__dirname, '../..');

/** The text of a comment, as one line of Markdown. */
const textOf = (comment: string): string =>
  comment
    .replaceAll(/^\/\*\*?|\*\/$|^\/\/ ?/gm, '')
    .replaceAll(/^ *\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The comment right before a node: its docblock or a line; undefined if there is none. */
export function docblockOf(source: ts.SourceFile, node: ts.Node): string | undefined {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const last = ranges.at(-1);
  return last === undefined ? undefined : textOf(source.text.slice(last.pos, last.end));
}

const isText = (node: ts.Node | undefined): node is ts.StringLiteral =>
  node !== undefined && ts.isStringLiteral(node);

/** What a node declares by name: a member, a property, `column('id', …)`, `@Index('idx_status', …)`, `...names.map(…)`. */
function declaredName(node: ts.Node): string | undefined {
  if (ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node)) return node.name.getText();
  if (ts.isDecorator(node)) return declaredName(node.expression);
  if (ts.isCallExpression(node)) return isText(node.arguments[0]) ? node.arguments[0].text : undefined;
  if (ts.isPropertyAccessExpression(node)) return node.getText();
  if (ts.isSpreadElement(node) && ts.isCallExpression(node.expression)) {
    const mapped = node.expression.expression;
    return ts.isPropertyAccessExpression(mapped) ? mapped.expression.getText() : undefined;
  }
  return undefined;
}

/**
 * The comments of the sources by what they explain: `Scope.name`, where the scope is the class or constant that declares
 * the name; or `Scope` alone, for the class or constant itself.
 */
export function sourceComments(...paths: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const source = ts.createSourceFile(
      path,
      readFileSync(join(folder, path), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node, scope: string | undefined): void => {
      const name = declaredName(node);
      const comment = name === undefined || scope === undefined ? undefined : docblockOf(source, node);
      if (comment !== undefined) found.set(`${scope}.${name}`, comment);
      ts.forEachChild(node, (child) => visit(child, scope));
    };
    for (const statement of source.statements) {
      const [declared] = ts.isVariableStatement(statement)
        ? statement.declarationList.declarations
        : [ts.isClassDeclaration(statement) ? statement : undefined];
      const scope = declared?.name?.getText();
      const comment = docblockOf(source, statement);
      if (scope !== undefined && comment !== undefined) found.set(scope, comment);
      visit(statement, scope);
    }
  }
  return found;
}

/** The files of a folder with this ending. */
export const filesIn = (path: string, ending: string): string[] =>
  readdirSync(join(folder, path))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${path}/${name}`);
