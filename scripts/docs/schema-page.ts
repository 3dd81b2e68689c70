import 'reflect-metadata';
import { getMetadataArgsStorage, type ColumnOptions } from 'typeorm';
import { entities, platformEntities, ProtectionFlow, ProtectionFlowExecution } from '../../src/entities';
import { declaredHistory } from '../../src/engine/history/history';
import { ownColumns as quarantineColumns } from '../../src/engine/orphans/quarantine-table';
import { columnSql, indexSql } from '../../src/engine/schema/ddl';
import type { Column, ForeignKey, Index, Table } from '../../src/engine/schema/shape';
import { ownTables } from '../../src/engine/server/names';
import { leaseColumns } from '../../src/engine/session/lease-table';
import { declaredSchema, migrationList } from '../../src/migrations';
import { ledgerTables } from '../../src/migrations/1795305606000-keep-what-did-not-run';
import { skipTotals } from '../../src/migrations/1795305607000-serve-metrics';
import { pauses } from '../../src/migrations/1795305608000-keep-what-is-paused';
import { tablePrefix } from '../../src/migrations/this-package';
import { pruned } from '../../src/migrations/1795305605000-keep-what-prune-removed';
import { counterColumns } from '../../src/statistics/meaning';
import { filesIn, sourceComments } from './source-comments';

const comments = sourceComments(
  ...filesIn('src/entities', '.entity.ts'),
  'src/entities/platform.entities.ts',
  ...filesIn('src/migrations', '.ts'),
  'src/engine/history/history.ts',
  'src/engine/session/lease-table.ts',
  'src/engine/orphans/quarantine-table.ts',
);

/** Elements that the sources use in a list of columns instead of names. */
const sharedNames: Readonly<Record<string, string>> = {
  id: 'historyId.unsigned',
  ...Object.fromEntries(counterColumns.map((name) => [name, 'counterColumns'])),
};

/** The comment that the sources give a thing. @throws Error if there is none */
function purposeOf(scope: string, name: string): string {
  const found = comments.get(`${scope}.${name}`) ?? comments.get(`${scope}.${sharedNames[name] ?? ''}`);
  if (found === undefined) throw new Error(`No comment says what ${scope}.${name} is for`);
  return found;
}

const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

/** A table of Markdown; nothing without rows. */
const grid = (heads: readonly string[], rows: readonly string[][]): string[] =>
  rows.length === 0
    ? []
    : [row(...heads), row(...heads.map(() => '---')), ...rows.map((cells) => row(...cells)), ''];

const tableName = (entity: (typeof entities)[number]): string =>
  getMetadataArgsStorage().tables.find(({ target }) => target === entity)?.name ?? '';

/** What follows a column's name in CREATE TABLE. */
const definitionOf = (column: Column): string => columnSql(column, null).replace(/^`[^`]+` /, '');

const keySql = ({ columns, parentTable, parentColumns, onDelete }: ForeignKey): string =>
  `${columns.join(', ')} → ${parentTable}.${parentColumns.join(', ')}, ON DELETE ${onDelete}`;

const indexColumns = (index: Index): string => indexSql(index).replace(/^.*\(/, '(').replaceAll('`', '');

const columnsGrid = (
  scope: string,
  columns: readonly (readonly [name: string, definition: string])[],
): string[] =>
  grid(
    ['column', 'definition', 'purpose'],
    columns.map(([name, definition]) => [code(name), code(definition), purposeOf(scope, name)]),
  );

const definitions = ({ columns }: Table) =>
  columns.map((column) => [column.name, definitionOf(column)] as const);

/** The first sentence of a docblock. */
const firstSentence = (scope: string): string => (comments.get(scope) ?? '').split(' Guarantee: ')[0] ?? '';

/** A declared table, or one of the package's own: columns, indexes, keys and CHECK constraints. */
const tableSection = (scope: string, table: Table, saying = firstSentence(scope)): string[] => [
  `### ${table.name}`,
  '',
  saying,
  '',
  ...columnsGrid(scope, definitions(table)),
  ...grid(
    ['index', 'columns', 'serves'],
    [
      [code('PRIMARY'), code(`(${table.primaryKey.join(', ')})`), 'The row.'],
      ...table.indexes.map((index) => [
        `${code(index.name)}${index.unique ? ', unique' : ''}`,
        code(indexColumns(index)),
        purposeOf(scope, index.name),
      ]),
    ],
  ),
  ...grid(
    ['foreign key', 'is'],
    table.foreignKeys.map((key) => [code(key.name), keySql(key)]),
  ),
  ...grid(
    ['check', 'holds'],
    table.checks.map(({ name, expression }) => [code(name), code(expression.replaceAll('`', ''))]),
  ),
];

const hand = (
  name: string,
  saying: string,
  scope: string,
  columns: Readonly<Record<string, string>>,
): string[] => [`### ${name}`, '', saying, '', ...columnsGrid(scope, Object.entries(columns))];

/** The type of a column that an entity of the platform's tables reads. */
function readType({ type, length, enum: values }: ColumnOptions): string {
  const text = typeof type === 'function' ? type.name.toLowerCase() : String(type);
  if (Array.isArray(values)) return `enum(${values.map((value) => `'${value}'`).join(',')})`;
  return length === undefined ? text : `${text}(${length})`;
}

const platformSection = (entity: (typeof platformEntities)[number]): string[] => [
  `### ${tableName(entity)}`,
  '',
  firstSentence(entity.name).replace(/: a table of the platform.*$/, '.'),
  '',
  ...columnsGrid(
    entity.name,
    getMetadataArgsStorage()
      .columns.filter(({ target }) => target === entity)
      .map(({ propertyName, options }) => [propertyName, readType(options)]),
  ),
];

/** A diagram of the two tables and their foreign keys. */
function diagram(tables: readonly Table[]): string[] {
  const keys = tables.flatMap(({ name, foreignKeys, columns }) =>
    foreignKeys.map(({ name: key, parentTable, columns: [column], onDelete }) => {
      const isOptional = columns.find((one) => one.name === column)?.nullable ?? false;
      return `  ${parentTable} ${isOptional ? '|o' : '||'}--o{ ${name} : "${key}, ${onDelete}"`;
    }),
  );
  const boxes = tables.flatMap(({ name, columns, primaryKey, indexes, foreignKeys }) => [
    `  ${name} {`,
    ...columns.map((column) => {
      const marks = [
        ...(primaryKey.includes(column.name) ? ['PK'] : []),
        ...(foreignKeys.some((key) => key.columns.includes(column.name)) ? ['FK'] : []),
        ...(indexes.some(({ unique, columns: [first] }) => unique && first?.name === column.name)
          ? ['UK']
          : []),
      ];
      return `    ${column.type.replace(/\(.*/, '')} ${column.name} ${marks.join(', ')}`.trimEnd();
    }),
    '  }',
  ]);
  return ['```mermaid', 'erDiagram', ...keys, ...boxes, '```', ''];
}

/** Writes docs/schema.md, still unformatted. */
export function schemaPage(): string {
  const [flows, executions] = [ProtectionFlow, ProtectionFlowExecution].map((entity) =>
    declaredSchema.get(tableName(entity))!,
  ) as [Table, Table];
  const [skips, timetables] = ledgerTables;
  const { history, lock } = ownTables(tablePrefix);
  return [
    '<!-- Written by npm run docs, from src/entities, src/migrations and src/engine: edit their comments, not this file. -->',
    '',
    '# The schema',
    '',
    'The tables that the migrations create, and what each column and index is for. To compare a database with the migrations:',
    '`protection-flows verify`. To change the schema: [migrations.md](migrations.md).',
    '',
    '- [The two tables](#the-two-tables), and the parents of their foreign keys',
    "- [The package's own tables](#the-packages-own-tables): what was applied, pruned, skipped, paused and quarantined",
    "- [The platform's tables](#the-platforms-tables): the columns that this package reads",
    `- [The migrations](#the-migrations)`,
    '',
    '## The two tables',
    '',
    ...diagram([flows, executions]),
    `Both are ${flows.engine} tables in ${flows.collation}; a column with a foreign key has the collation of its live parent.`,
    'Installed guards add a column, an index and triggers: [guards.md](guards.md).',
    '',
    ...tableSection('ProtectionFlow', flows),
    ...tableSection('ProtectionFlowExecution', executions),
    "## The package's own tables",
    '',
    'They have no foreign keys. `rollback --all` drops the first five, but refuses while they hold rows that cannot be computed again.',
    '',
    ...tableSection('pruned', pruned),
    ...tableSection('skips', skips),
    ...tableSection('timetables', timetables),
    ...tableSection('skipTotals', skipTotals),
    ...tableSection('pauses', pauses),
    ...tableSection(
      'declaredHistory',
      declaredHistory(history),
      'The history: which migrations ran. TypeORM reads its first three columns.',
    ),
    ...hand(
      lock,
      'The lock: one row with the current migrate and the end of its lease.',
      'leaseColumns',
      leaseColumns,
    ),
    ...hand(
      `${tablePrefix}_orphans_…`,
      'The quarantine: one table for each table whose orphans were quarantined. After these columns it has those of the original table, without defaults or indexes. To restore rows: [orphans.md](orphans.md).',
      'ownColumns',
      quarantineColumns,
    ),
    "## The platform's tables",
    '',
    'They belong to the platform, which has more columns than these. This package never creates, alters or drops them.',
    '',
    ...platformEntities.flatMap(platformSection),
    '## The migrations',
    '',
    ...grid(
      ['migration', 'does', 'breaks older programs'],
      migrationList.map(({ name, breaking }) => [
        code(name),
        (comments.get(name) ?? '').split(' Not breaking: ')[0] ?? '',
        breaking === false ? 'no' : breaking,
      ]),
    ),
  ].join('\n');
}
