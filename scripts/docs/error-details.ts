import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { docblockOf } from './source-comments';

const path = resolve(__dirname, '../../src/errors/details.ts');
const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);

type Named = ts.TypeNode | ts.InterfaceDeclaration;

const named = new Map<string, Named>(
  source.statements.flatMap((statement): [string, Named][] => {
    if (ts.isTypeAliasDeclaration(statement)) return [[statement.name.text, statement.type]];
    return ts.isInterfaceDeclaration(statement) ? [[statement.name.text, statement]] : [];
  }),
);

/** The type itself, without `readonly` and list. */
function plain(type: Named): Named {
  if (ts.isInterfaceDeclaration(type)) return type;
  if (ts.isArrayTypeNode(type)) return plain(type.elementType);
  if (ts.isTypeOperatorNode(type) || ts.isParenthesizedTypeNode(type)) return plain(type.type);
  if (!ts.isTypeReferenceNode(type)) return type;
  const [argument] = type.typeArguments ?? [];
  const name = type.typeName.getText();
  if (argument !== undefined && /^Readonly(Array)?$/.test(name)) return plain(argument);
  const found = named.get(name);
  return found === undefined || name === 'None' ? type : plain(found);
}

const propertiesOf = ({ members }: { readonly members: ts.NodeArray<ts.TypeElement> }) =>
  [...members].filter(ts.isPropertySignature);

/** The names of a type's properties, with those of nested types in brackets; '' if it has none. */
function namesOf(type: ts.TypeNode, isNested = false): string {
  const found = plain(type);
  if (ts.isUnionTypeNode(found)) {
    const parts = found.types.map((part) => namesOf(part, isNested)).filter((part) => part !== '');
    return [...new Set(parts)].join('; or ');
  }
  if (ts.isIntersectionTypeNode(found))
    return found.types
      .map((part) => namesOf(part, isNested))
      .filter((part) => part !== '')
      .join(', ');
  if (!ts.isTypeLiteralNode(found) && !ts.isInterfaceDeclaration(found)) return '';
  return propertiesOf(found)
    .map(({ name, type: held }) => {
      const inner = held === undefined || isNested ? '' : namesOf(held, true);
      return `\`${name.getText()}\`${inner === '' ? '' : ` (${inner})`}`;
    })
    .join(', ');
}

const details = source.statements
  .filter(ts.isInterfaceDeclaration)
  .find(({ name }) => name.text === 'Details');

/** What the `details` of each code hold, in words; codes without details are left out. */
export const detailsInWords: ReadonlyMap<string, string> = new Map(
  (details === undefined ? [] : propertiesOf(details)).flatMap((member) => {
    const names = member.type === undefined ? '' : namesOf(member.type);
    const comment = docblockOf(source, member);
    return names === ''
      ? []
      : [[member.name.getText(), `${names}.${comment === undefined ? '' : ` ${comment}`}`] as const];
  }),
);
