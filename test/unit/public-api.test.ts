import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as ts from 'typescript';
import { getMetadataArgsStorage } from 'typeorm';
import '../../src/entities';

const root = resolve(__dirname, '../..');
const doors = ['', 'dashboard/', 'engine/', 'metrics/', 'nestjs/', 'testing/'].map((room) =>
  resolve(root, `src/${room}index.ts`),
);

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(resolve(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  return ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root).options;
}

const program = ts.createProgram(doors, { ...compilerOptions(), exactOptionalPropertyTypes: true });
const checker = program.getTypeChecker();
const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
const exported = doors
  .flatMap((door) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(door)!)!))
  .map(original)
  // `platform` is a namespace of entities
  .flatMap((symbol) =>
    symbol.flags & ts.SymbolFlags.ValueModule ? checker.getExportsOfModule(symbol) : [symbol],
  );
const isOurs = (declaration: ts.Declaration): boolean =>
  declaration.getSourceFile().fileName.startsWith(resolve(root, 'src'));

/** The names that the flow list joins to a flow's columns stand beside them, and are written like them. */
const joined = ['schedule_name', 'schedule_cron', 'repository_name', 'policy_name', 'target_name'];
const columns = new Set([
  ...getMetadataArgsStorage().columns.map((column) => column.propertyName),
  ...getMetadataArgsStorage().relations.map((relation) => relation.propertyName),
  ...joined,
]);

/** Error codes are excepted, such as FLOW_NOT_FOUND. */
const isSnake = (name: string): boolean => /[a-z]_|_[a-z]/.test(name);

/** Every property and parameter name that a declaration spells out, wherever in it. */
function namesIn(declaration: ts.Declaration): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    // The body of a function is not public
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

const isPublic = (declaration: ts.Declaration): boolean =>
  (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) === 0;

/** The names that a declaration refers to and that are ours: parameters, results and properties, not what is inside. */
function typesNamedIn(declaration: ts.Declaration): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || (ts.canHaveModifiers(node) && !isPublic(node as unknown as ts.Declaration)))
      return;
    if (ts.isDecorator(node)) return;
    const name = ts.isTypeReferenceNode(node) ? node.typeName : null;
    const symbol = name === null ? undefined : checker.getSymbolAtLocation(name);
    if (symbol !== undefined) found.push(original(symbol));
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

/** What its file keeps for itself is part of the declarations that use it. */
const isExported = (declaration: ts.Declaration): boolean =>
  (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0;

/** Of what is in its settings, nothing may be undefined by mistake: no host would be the host by default. */
const settings = 'createDataSource connection';

/** What callers give: the parameters of exported functions, constructors and public methods, each with its name. */
function inputs(symbol: ts.Symbol): [name: string, type: ts.Type][] {
  const declaration = symbol.valueDeclaration;
  if (declaration === undefined) return [];
  const type = checker.getTypeOfSymbol(symbol);
  const own = [...type.getCallSignatures(), ...type.getConstructSignatures()];
  const methods = ts.isClassDeclaration(declaration)
    ? [checker.getDeclaredTypeOfSymbol(symbol), type]
        .flatMap((members) => members.getProperties())
        .filter((one) => one.declarations?.every((method) => isOurs(method) && isPublic(method)))
        .flatMap((one) => checker.getTypeOfSymbol(one).getCallSignatures())
    : [];
  return [...own, ...methods].flatMap((signature) =>
    signature
      .getParameters()
      .filter((parameter) => parameter.valueDeclaration && isOurs(parameter.valueDeclaration))
      .map((parameter): [string, ts.Type] => [
        `${symbol.name} ${parameter.name}`,
        checker.getTypeOfSymbol(parameter),
      ]),
  );
}

/** The compiler keeps "may be missing" and "may be undefined" apart by two types of the same flag. */
function takesUndefined(type: ts.Type): boolean {
  const parts = type.isUnion() ? type.types : [type];
  return parts.some(
    (part) => part === checker.getUndefinedType() || part.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown),
  );
}

/** The properties of an input that may be left out, but must not be undefined. */
function undefinedRefused(name: string, type: ts.Type): string[] {
  const parts = type.isUnionOrIntersection() ? type.types : [type];
  return parts.flatMap((part) =>
    part
      .getProperties()
      .filter((property) => property.flags & ts.SymbolFlags.Optional && property.declarations?.every(isOurs))
      .filter((property) => !takesUndefined(checker.getTypeOfSymbol(property)))
      .map((property) => `${name}.${property.name}`),
  );
}

/** What a migration of steps is made of, callers need not know: to them `migrations` is TypeORM's list. */
const ofTheEngine = new Set(['StepMigration']);

describe('the public types', () => {
  // Without this, an option or result could be dry_run here and dryRun there.
  it('have names in camelCase, but for the columns', () => {
    const snakes = exported
      .flatMap((symbol) => symbol.declarations ?? [])
      .filter(isOurs)
      .flatMap((declaration) =>
        namesIn(declaration)
          .filter((name) => isSnake(name) && !columns.has(name))
          .map((name) => `${(declaration as ts.NamedDeclaration).name?.getText()}.${name}`),
      );
    expect(exported.length).toBeGreaterThan(100);
    expect(snakes).toEqual([]);
  });

  // Without this, callers could get a value whose type they cannot name.
  it('are exported if an exported declaration names them', () => {
    const known = new Set(exported);
    const missing = exported
      .flatMap((symbol) => symbol.declarations ?? [])
      .filter(isOurs)
      .flatMap((declaration) =>
        typesNamedIn(declaration)
          .filter((type) => type.declarations?.every((one) => isOurs(one) && isExported(one)))
          .filter((type) => !known.has(type) && !ofTheEngine.has(type.name))
          .map((type) => `${type.name}, of ${(declaration as ts.NamedDeclaration).name?.getText()}`),
      );
    expect([...new Set(missing)]).toEqual([]);
  });

  // Without this, everything that a module exports for its neighbour would become public.
  it('are exported one by one', () => {
    for (const door of doors) expect(readFileSync(door, 'utf8')).not.toMatch(/^export \*/m);
  });

  // Without this, callers with exactOptionalPropertyTypes could not pass on an option that is undefined.
  it('take undefined wherever an option may be left out', () => {
    const given = exported.flatMap(inputs).filter(([name]) => name !== settings);
    expect(given.length).toBeGreaterThan(50);
    expect([...new Set(given.flatMap(([name, type]) => undefinedRefused(name, type)))]).toEqual([]);
  });
});
