import { basename, join } from 'node:path';
import ts from 'typescript';
import { folder, type CodeBlock } from './code-blocks';

/** What documents speak of lies there: a block's relative imports are from it. Any other document's blocks lie in a folder of their own. */
const homes: Readonly<Record<string, string>> = {
  'docs/migrations.md': 'src/migrations',
  'docs/tracing.md': 'examples/tracing',
};

const takenForGranted = join(folder, 'test/unit/docs/taken-for-granted.ts');

/** A module that is not a dependency of this package. */
const nestConfig = `declare module '@nestjs/config' {
  export const ConfigModule: new () => object;
  export { ConfigService } from '${takenForGranted}';
}`;

/** Faults of JavaScript too: a name, a module or a property that is not there. The others are of types, which it has none of. */
const faultsOfJavaScript = new Set([2304, 2305, 2307, 2339, 2551, 2552, 2724]);

/** The names that a file declares or imports. */
function declaredIn(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const add = (name: ts.Node | undefined): void => {
    if (name === undefined) return;
    if (ts.isIdentifier(name)) names.add(name.text);
    if (ts.isObjectBindingPattern(name) || ts.isArrayBindingPattern(name))
      name.elements.forEach((element) => ts.isBindingElement(element) && add(element.name));
  };
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      statement.declarationList.declarations.forEach(({ name }) => add(name));
    if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)) add(statement.name);
    if (ts.isImportDeclaration(statement)) {
      add(statement.importClause?.name);
      const named = statement.importClause?.namedBindings;
      if (named !== undefined && ts.isNamespaceImport(named)) add(named.name);
      if (named !== undefined && ts.isNamedImports(named)) named.elements.forEach(({ name }) => add(name));
    }
  }
  return names;
}

/** What a block takes for granted, as an import in its first line: so the numbers of its lines stay. */
function completed({ code }: CodeBlock, granted: readonly string[]): string {
  const declared = declaredIn(ts.createSourceFile('block.ts', code, ts.ScriptTarget.Latest, true));
  const used = new Set(code.match(/(?<![.\w])\w+\b/g) ?? []);
  const wanted = granted.filter((name) => used.has(name) && !declared.has(name));
  return `import { ${wanted.join(', ')} } from '${takenForGranted.slice(0, -'.ts'.length)}'; ${code}\nexport {};\n`;
}

function optionsOfProject(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, folder);
  return {
    ...options,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    declaration: false,
    sourceMap: false,
  };
}

/** Compiles the TypeScript and JavaScript blocks of the documents; returns a line for each fault. */
export function faultsOf(blocks: readonly CodeBlock[]): string[] {
  const options = optionsOfProject();
  const files = new Map<string, string>();
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  delete host.directoryExists; // Or nothing is looked for in folders that are not there
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path);
  host.readFile = (path) => files.get(path) ?? readFile.call(host, path);

  const granted = ts.createProgram([takenForGranted], options, host);
  const checker = granted.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(granted.getSourceFile(takenForGranted)!)!;
  const names = checker.getExportsOfModule(symbol).map(({ name }) => name);

  const paths = blocks.map((block) => {
    const [document = '', line = ''] = block.place.split(':');
    const home = homes[document] ?? join('docs', basename(document, '.md'));
    const path = join(folder, home, block.file ?? `block-${line}.ts`);
    files.set(path, completed(block, names));
    return path;
  });
  const ambient = join(folder, 'docs/modules.d.ts');
  files.set(ambient, nestConfig);

  const program = ts.createProgram([...paths, ambient], options, host, granted);
  return blocks.flatMap(({ place, language }, at) => {
    const source = program.getSourceFile(paths[at]!)!;
    const semantic = program
      .getSemanticDiagnostics(source)
      .filter(({ code }) => language === 'ts' || faultsOfJavaScript.has(code));
    return [...program.getSyntacticDiagnostics(source), ...semantic].map(({ start = 0, messageText }) => {
      const { line } = source.getLineAndCharacterOfPosition(start);
      return `${place} line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}
