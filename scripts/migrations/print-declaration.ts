import type { Check, Column, ForeignKey, Index, Table } from '../../src/engine/schema/shape';
import { enumValues } from './column-loss';

/** The names that the printed source has to import, collected while it is printed. */
export class Imports {
  readonly declarations = new Set<string>();
  readonly steps = new Set<string>();

  /** A call of a function of src/engine/schema/declare.ts. */
  declare(name: string, ...args: readonly string[]): string {
    this.declarations.add(name);
    return `${name}(${args.join(', ')})`;
  }

  /** A constant of src/engine/schema/declare.ts. */
  constant(name: string): string {
    this.declarations.add(name);
    return name;
  }

  /** A call of a step. */
  step(name: string, ...args: readonly string[]): string {
    this.steps.add(name);
    return `${name}(${args.join(', ')})`;
  }
}

/** A string literal; prettier chooses its quotes. */
export const quoted = (text: string): string => JSON.stringify(text);

const isNumeric = (type: string): boolean =>
  /^(tiny|small|medium|big)?int|^decimal|^float|^double/.test(type);

function printType(type: string, imports: Imports): string {
  const values = enumValues(type);
  if (values === null || values.some((value) => /['\\]/.test(value))) return quoted(type);
  return imports.declare('enumOf', ...values.map(quoted));
}

function printDefault(column: Column, imports: Imports): string {
  const text = column.default ?? '';
  if (text === 'current_timestamp') return imports.constant('now');
  if (text === 'uuid()') return imports.constant('uuid');
  const inside = /^'([^'\\]*)'$/.exec(text)?.[1];
  if (inside === undefined) return quoted(text);
  const exact = isNumeric(column.type) && String(Number(inside)) === inside;
  return imports.declare('literal', exact ? inside : quoted(inside));
}

/** A column as `column(…)` or `nullable(…)`. */
export function printColumn(column: Column, imports: Imports): string {
  const head = [quoted(column.name), printType(column.type, imports)];
  const options: string[] = [];
  if (column.default !== null) options.push(`default: ${printDefault(column, imports)}`);
  if (column.onUpdateNow) options.push('onUpdateNow: true');
  if (column.nullable && options.length === 0) return imports.declare('nullable', ...head);
  if (column.nullable) options.unshift('nullable: true');
  return imports.declare('column', ...head, ...(options.length > 0 ? [`{ ${options.join(', ')} }`] : []));
}

/** An index as `index(…)` or `unique(…)`, with other properties spread over it. */
export function printIndex(index: Index, imports: Imports): string {
  const columns = index.columns.map((part) => quoted(`${part.name}${part.descending ? ' DESC' : ''}`));
  const call = imports.declare(index.unique ? 'unique' : 'index', quoted(index.name), ...columns);
  const rest: string[] = [];
  if (index.columns.some((part) => part.prefix !== null))
    rest.push(`columns: ${JSON.stringify(index.columns)}`);
  if (!index.visible) rest.push('visible: false');
  return rest.length === 0 ? call : `{ ...${call}, ${rest.join(', ')} }`;
}

/** A key of one column as `foreignKey(…)`, with other properties spread over it. */
export function printForeignKey(key: ForeignKey, imports: Imports): string {
  const to = `{ table: ${quoted(key.parentTable)}, column: ${quoted(key.parentColumns[0])} }`;
  const call = imports.declare(
    'foreignKey',
    quoted(key.name),
    quoted(key.columns[0]),
    to,
    quoted(key.onDelete),
  );
  const rest: string[] = [];
  if (key.onUpdate !== 'NO ACTION') rest.push(`onUpdate: ${quoted(key.onUpdate)}`);
  if (key.parentDatabase !== null) rest.push(`parentDatabase: ${quoted(key.parentDatabase)}`);
  return rest.length === 0 ? call : `{ ...${call}, ${rest.join(', ')} }`;
}

const printCheck = (check: Check, imports: Imports): string =>
  imports.declare('check', quoted(check.name), quoted(check.expression));

/** A table as `table(…)`, with another primary key than id spread over it. */
export function printTable(table: Table, imports: Imports): string {
  const list = (parts: readonly string[]): string => `[\n${parts.map((part) => `${part},\n`).join('')}]`;
  const parts = [
    `columns: ${list(table.columns.map((column) => printColumn(column, imports)))}`,
    `indexes: ${list(table.indexes.map((index) => printIndex(index, imports)))}`,
    ...(table.checks.length === 0
      ? []
      : [`checks: ${list(table.checks.map((check) => printCheck(check, imports)))}`]),
  ];
  const call = imports.declare('table', quoted(table.name), `{\n${parts.join(',\n')},\n}`);
  return table.primaryKey.join() === 'id'
    ? call
    : `{ ...${call}, primaryKey: ${JSON.stringify(table.primaryKey)} }`;
}
