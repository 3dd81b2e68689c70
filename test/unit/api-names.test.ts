import { resolve } from 'node:path';
import * as ts from 'typescript';
import { getMetadataArgsStorage } from 'typeorm';
import '../../src/entities';

const root = resolve(__dirname, '../..');
const doors = ['src/index.ts', 'src/nestjs/index.ts', 'src/testing/index.ts'].map((path) =>
  resolve(root, path),
);

/** The names that the flow list joins to a flow's columns stand beside them, and are written like them. */
const joined = ['schedule_name', 'schedule_cron', 'repository_name', 'policy_name', 'target_name'];
const columns = new Set([
  ...getMetadataArgsStorage().columns.map((column) => column.propertyName),
  ...getMetadataArgsStorage().relations.map((relation) => relation.propertyName),
  ...joined,
]);

/** Every property and parameter name that a declaration in our sources spells out, wherever in it. */
function namesIn(declaration: ts.Declaration): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    // What a function does inside is nobody's business
    if (ts.isBlock(node) || (ts.isPropertyDeclaration(node) && node.initializer !== undefined)) return;
    if (
      (ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) || ts.isParameter(node)) &&
      ts.isIdentifier(node.name)
    )
      names.push(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return names;
}

// Without this, the next option or result is dry_run here and dryRun there again.
describe('the names of the TypeScript API', () => {
  it('are in camelCase, but for the columns', () => {
    const program = ts.createProgram(doors, { ...options(), noEmit: true });
    const checker = program.getTypeChecker();
    const exported = doors.flatMap((door) =>
      checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(door)!)!),
    );
    const declarations = exported
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .flatMap((symbol) => symbol.declarations ?? [])
      .filter((declaration) => declaration.getSourceFile().fileName.startsWith(resolve(root, 'src')));
    const snakes = declarations.flatMap((declaration) =>
      namesIn(declaration)
        .filter((name) => name.includes('_') && !columns.has(name))
        .map((name) => `${(declaration as ts.NamedDeclaration).name?.getText()}.${name}`),
    );
    expect(exported.length).toBeGreaterThan(100);
    expect(snakes).toEqual([]);
  });
});

function options(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(resolve(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  return ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root).options;
}
