import { alterSql, columnSql, type TextSettings } from '../schema/ddl';
import { columnType, isText } from '../schema/column-type';
import { quoteName } from '../server/queryable';
import { named, type Column, type ForeignKey, type Table } from '../schema/shape';
import { note, remedyText, statement, type RemedyPart } from './remedy';

/** Why a key can't be added: an error code, a sentence and a remedy. */
export interface KeyObstacle {
  readonly code:
    | 'ENGINE_NOT_INNODB'
    | 'FK_TABLE_PARTITIONED'
    | 'FK_TYPE_MISMATCH'
    | 'FK_PARENT_NOT_INDEXED'
    | 'SCHEMA_HAND_MADE'
    | 'SCHEMA_HALF_APPLIED';
  readonly table: string;
  readonly message: string;
  readonly parts: readonly RemedyPart[];
  /** The parts as text: SQL to paste, with prose as SQL comments. */
  readonly remedy: string;
}

/** Builds an obstacle at that table from the parts of its remedy. */
export const obstacle = (
  code: KeyObstacle['code'],
  table: string,
  message: string,
  ...parts: readonly RemedyPart[]
): KeyObstacle => ({ code, table, message, parts, remedy: remedyText(parts, Infinity) });

/** The two columns of a key need types of one family. Texts of any length are one family. */
function family(type: string): string {
  return /^(var)?char$/.test(columnType(type).name) ? 'text' : type;
}

function textOf({ charset, collation }: Column): TextSettings | null {
  return charset !== null && collation !== null ? { charset, collation } : null;
}

/**
 * A Galera node sends the ALTER to the other nodes, but not this session setting. So they refuse the ALTER (4119), and vote
 * the sending node out of the cluster (tried on 10.11). With the setting ERROR all nodes refuse it, and nothing is lost.
 */
const keepHistory = [
  note(
    'A Galera cluster refuses the next change (4119) until the configuration of every node has this setting.',
  ),
  statement(
    "SET SESSION system_versioning_alter_history = IF(@@wsrep_on, @@GLOBAL.system_versioning_alter_history, 'KEEP')",
  ),
];

const isVersioned = ({ special = '' }: Table): boolean => special.includes('system versioned');

/** Statements that alter a table. For a system-versioned table (4119) they begin with the setting that allows changes. */
const alterations = (table: Table, ...changes: readonly string[]): RemedyPart[] => [
  ...(isVersioned(table) ? keepHistory : []),
  ...changes.map((change) => statement(alterSql(table.name, change))),
];

/** No server changes the engine of a system-versioned table (4119, also with the setting). */
function changeEngine(table: Table): RemedyPart[] {
  if (!isVersioned(table)) return alterations(table, 'ENGINE=InnoDB');
  const look = `SELECT * FROM ${quoteName(table.name)} FOR SYSTEM_TIME ALL;`;
  return [
    note(`Deletes the former versions of its rows. To see them first: ${look}`),
    ...alterations(table, 'DROP SYSTEM VERSIONING', 'ENGINE=InnoDB'),
  ];
}

function engineObstacle(table: Table, key: ForeignKey): KeyObstacle[] {
  const { name, engine } = table;
  const code = 'ENGINE_NOT_INNODB';
  if (engine === 'InnoDB') return [];
  if (engine !== 'VIEW') {
    const message = `${name} has the engine ${engine}; ${key.name} needs InnoDB on both sides`;
    return [obstacle(code, name, message, ...changeEngine(table))];
  }
  return [
    obstacle(
      code,
      name,
      `${name} is a view; ${key.name} needs an InnoDB table on both sides`,
      note(
        'The key needs a base table of that name. Once the view is renamed, a later migrate adds the key.',
      ),
      statement(`RENAME TABLE ${quoteName(name)} TO ${quoteName(`${name.slice(0, 59)}_view`)}`),
    ),
  ];
}

function partitionObstacle(table: Table, key: ForeignKey): KeyObstacle[] {
  const { name, special = '' } = table;
  if (!special.includes('partitioned')) return [];
  return [
    obstacle(
      'FK_TABLE_PARTITIONED',
      name,
      `${name} is partitioned; ${key.name} needs tables without partitions on both sides`,
      note('Copies the table; its writers wait meanwhile.'),
      ...alterations(table, 'REMOVE PARTITIONING'),
    ),
  ];
}

/** Adds a column of ids to a parent without one. Not every server can add a column with DEFAULT (uuid()) at once. */
function addIdColumn(table: Table, column: string): RemedyPart[] {
  const name = quoteName(column);
  return [
    note(`${table.name} is another table than expected, or lacks the column of its ids. To add one:`),
    ...alterations(table, `ADD ${name} varchar(64) NULL`),
    statement(`UPDATE ${quoteName(table.name)} SET ${name} = UUID() WHERE ${name} IS NULL`),
    ...addUnique(table, column),
  ];
}

const addUnique = (table: Table, column: string): RemedyPart[] =>
  alterations(table, `ADD UNIQUE INDEX ${quoteName(freeIndexName(table, column))} (${quoteName(column)})`);

function missingColumn(child: Table, parent: Table, key: ForeignKey): KeyObstacle | null {
  const [from, to] = [key.columns[0], key.parentColumns[0]];
  const code = 'FK_TYPE_MISMATCH';
  if (named(child.columns, from) === undefined) {
    const message = `${child.name} has no column ${from}, which ${key.name} needs`;
    const add = `ADD ${quoteName(from)} varchar(64) NULL DEFAULT NULL`;
    return obstacle(code, child.name, message, ...alterations(child, add));
  }
  if (named(parent.columns, to) !== undefined) return null;
  const message = `${parent.name} has no column ${to}, which ${key.name} refers to`;
  return obstacle(code, parent.name, message, ...addIdColumn(parent, to));
}

function typeObstacle(child: Table, parent: Table, key: ForeignKey, from: Column, to: Column): KeyObstacle[] {
  if (family(from.type) === family(to.type)) return [];
  const childIsWrong = family(to.type) === 'text';
  const [table, wrong, text] = childIsWrong
    ? [child, from, textOf(to)]
    : [parent, to, isText(from.type) ? textOf(from) : null];
  const column = { ...wrong, type: 'varchar(64)', default: null, extra: '' };
  return [
    obstacle(
      'FK_TYPE_MISMATCH',
      table.name,
      `${key.name}: ${child.name}.${from.name} is ${from.type}, but ${parent.name}.${to.name} is ${to.type}`,
      note('Ids must be texts on both sides. First drop the keys of other tables to this column.'),
      ...alterations(table, `MODIFY ${columnSql(column, text)}`),
    ),
  ];
}

/** ON DELETE SET NULL needs a nullable column. */
function nullObstacle(child: Table, key: ForeignKey, from: Column): KeyObstacle[] {
  if (from.nullable || key.onDelete !== 'SET NULL') return [];
  const message = `${child.name}.${from.name} is NOT NULL, but ${key.name} sets it to NULL when its parent is deleted`;
  const change = `MODIFY ${columnSql({ ...from, nullable: true }, textOf(from))}`;
  return [obstacle('SCHEMA_HAND_MADE', child.name, message, ...alterations(child, change))];
}

function freeIndexName(parent: Table, column: string): string {
  const name = `uq_${parent.name}_${column}`.slice(0, 60);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (named(parent.indexes, candidate) === undefined) return candidate;
  }
}

/** A parent column without a unique index. MariaDB would accept it, but a key to several rows has no meaning. */
function indexObstacle(parent: Table, key: ForeignKey, to: Column): KeyObstacle[] {
  const unique = [
    parent.primaryKey,
    ...parent.indexes
      .filter((index) => index.unique && index.kind === undefined)
      .filter((index) => index.columns.every((part) => part.prefix === null))
      .map((index) => index.columns.map((part) => part.name)),
  ];
  if (unique.some((columns) => columns.length === 1 && columns[0] === to.name)) return [];
  const [table, name] = [quoteName(parent.name), quoteName(to.name)];
  const look = `SELECT ${name}, COUNT(*) FROM ${table} GROUP BY ${name} HAVING COUNT(*) > 1;`;
  return [
    obstacle(
      'FK_PARENT_NOT_INDEXED',
      parent.name,
      `${parent.name}.${to.name} has no primary key or unique index of its own, over its whole length, which ${key.name} needs`,
      note(`Fails where two rows have the same id: ${look}`),
      ...addUnique(parent, to.name),
    ),
  ];
}

/** All faults of the two tables, not of their rows, that make a key impossible. */
export function keyObstacles(child: Table, parent: Table, key: ForeignKey): KeyObstacle[] {
  const engines = [engineObstacle, partitionObstacle].flatMap((find) =>
    [child, parent].flatMap((table) => find(table, key)),
  );
  // A view has no indexes of its own, and no types to change
  if (parent.engine === 'VIEW' || child.engine === 'VIEW') return engines;
  const missing = missingColumn(child, parent, key);
  if (missing !== null) return [...engines, missing];
  const from = named(child.columns, key.columns[0]);
  const to = named(parent.columns, key.parentColumns[0]);
  if (from === undefined || to === undefined) return engines;
  return [
    ...engines,
    ...typeObstacle(child, parent, key, from, to),
    ...nullObstacle(child, key, from),
    ...indexObstacle(parent, key, to),
  ];
}
