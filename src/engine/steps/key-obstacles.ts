import { alterSql, columnSql, type TextSettings } from '../schema/ddl';
import { columnType, isText } from '../schema/column-type';
import { quoteName } from '../server/queryable';
import { named, type Column, type ForeignKey, type Table } from '../schema/shape';

/** Why a key can't be added, as an error code, a sentence and a script that puts it right. */
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
  /** SQL to paste; prose in it is an SQL comment. */
  readonly remedy: string;
}

/** Types of one family can be on the two sides of a key: for texts, the length may differ. */
function family(type: string): string {
  return /^(var)?char$/.test(columnType(type).name) ? 'text' : type;
}

function textOf({ charset, collation }: Column): TextSettings | null {
  return charset !== null && collation !== null ? { charset, collation } : null;
}

/**
 * A Galera node sends the ALTER to the others, but not this setting of its session: they refuse it (4119), and vote the
 * node that did it out of the cluster (tried on 10.11). With ERROR all of them refuse it, and nothing is lost.
 */
const keepHistory = [
  '-- On a Galera cluster the next change is refused (4119), until the configuration of every node has this setting.',
  "SET SESSION system_versioning_alter_history = IF(@@wsrep_on, @@GLOBAL.system_versioning_alter_history, 'KEEP');",
];

/**
 * Statements that alter a table. A system-versioned one takes them only where its former rows may be altered with it
 * (4119); so the setting goes ahead.
 */
function alterations({ name, special = '' }: Table, ...changes: readonly string[]): string {
  const keep = special.includes('system versioned') ? keepHistory : [];
  return [...keep, ...changes.map((change) => `${alterSql(name, change)};`)].join('\n');
}

/** No server changes the engine of a system-versioned table (4119, also with the setting). */
function changeEngine(table: Table): string {
  const { name, special = '' } = table;
  if (!special.includes('system versioned')) return alterations(table, 'ENGINE=InnoDB');
  return [
    `-- The former versions of its rows go. To look first: SELECT * FROM ${quoteName(name)} FOR SYSTEM_TIME ALL;`,
    alterations(table, 'DROP SYSTEM VERSIONING', 'ENGINE=InnoDB'),
  ].join('\n');
}

function engineObstacles(child: Table, parent: Table, key: ForeignKey): KeyObstacle[] {
  return [child, parent]
    .filter((table) => table.engine !== 'InnoDB')
    .map((table) => {
      const { name, engine } = table;
      const isView = engine === 'VIEW';
      const rename = `RENAME TABLE ${quoteName(name)} TO ${quoteName(`${name.slice(0, 59)}_view`)};`;
      return {
        code: 'ENGINE_NOT_INNODB',
        table: name,
        message: isView
          ? `${name} is a view; ${key.name} needs an InnoDB table on both sides`
          : `${name} has the engine ${engine}; ${key.name} needs InnoDB on both sides`,
        remedy: isView
          ? `-- The key needs a base table of that name. Out of the way, the view leaves the key for a later migrate.\n${rename}`
          : changeEngine(table),
      };
    });
}

function partitionObstacles(child: Table, parent: Table, key: ForeignKey): KeyObstacle[] {
  return [child, parent]
    .filter(({ special = '' }) => special.includes('partitioned'))
    .map((table) => ({
      code: 'FK_TABLE_PARTITIONED',
      table: table.name,
      message: `${table.name} is partitioned; ${key.name} needs tables without partitions on both sides`,
      remedy: `-- Copies the table, and holds up its writers meanwhile.\n${alterations(table, 'REMOVE PARTITIONING')}`,
    }));
}

/** A column of ids for a parent that has none; three statements, as not every server adds one with DEFAULT (uuid()). */
function addIdColumn(table: Table, column: string): string {
  const name = quoteName(column);
  return [
    `-- ${table.name} is another table than expected, or lacks its ids. To give it some:`,
    alterations(table, `ADD ${name} varchar(64) NULL`),
    `UPDATE ${quoteName(table.name)} SET ${name} = UUID() WHERE ${name} IS NULL;`,
    alterations(table, `ADD UNIQUE INDEX ${quoteName(freeIndexName(table, column))} (${name})`),
  ].join('\n');
}

function missingColumn(child: Table, parent: Table, key: ForeignKey): KeyObstacle | null {
  const [from, to] = [key.columns[0], key.parentColumns[0]];
  const code = 'FK_TYPE_MISMATCH';
  if (named(child.columns, from) === undefined) {
    return {
      code,
      table: child.name,
      message: `${child.name} has no column ${from}, where ${key.name} starts`,
      remedy: alterations(child, `ADD ${quoteName(from)} varchar(64) NULL DEFAULT NULL`),
    };
  }
  if (named(parent.columns, to) !== undefined) return null;
  return {
    code,
    table: parent.name,
    message: `${parent.name} has no column ${to}, which ${key.name} refers to`,
    remedy: addIdColumn(parent, to),
  };
}

function typeObstacle(child: Table, parent: Table, key: ForeignKey, from: Column, to: Column): KeyObstacle[] {
  if (family(from.type) === family(to.type)) return [];
  const childIsWrong = family(to.type) === 'text';
  const [table, wrong, text] = childIsWrong
    ? [child, from, textOf(to)]
    : [parent, to, isText(from.type) ? textOf(from) : null];
  const column = { ...wrong, type: 'varchar(64)', default: null, extra: '' };
  return [
    {
      code: 'FK_TYPE_MISMATCH',
      table: table.name,
      message: `${key.name}: ${child.name}.${from.name} is ${from.type}, but ${parent.name}.${to.name} is ${to.type}`,
      remedy: `-- Ids are texts on both sides. Keys of other tables to this column have to be dropped first.\n${alterations(table, `MODIFY ${columnSql(column, text)}`)}`,
    },
  ];
}

/** The server can set no child to NULL that refuses it. */
function nullObstacle(child: Table, key: ForeignKey, from: Column): KeyObstacle[] {
  if (from.nullable || key.onDelete !== 'SET NULL') return [];
  const column = { ...from, nullable: true };
  return [
    {
      code: 'SCHEMA_HAND_MADE',
      table: child.name,
      message: `${child.name}.${from.name} is NOT NULL, but ${key.name} sets it to NULL when its parent is deleted`,
      remedy: alterations(child, `MODIFY ${columnSql(column, textOf(from))}`),
    },
  ];
}

function freeIndexName(parent: Table, column: string): string {
  const name = `uq_${parent.name}_${column}`.slice(0, 60);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (named(parent.indexes, candidate) === undefined) return candidate;
  }
}

/** MariaDB takes an index that is not unique too; a key to several rows at once means nothing on either server. */
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
  return [
    {
      code: 'FK_PARENT_NOT_INDEXED',
      table: parent.name,
      message: `${parent.name}.${to.name} has no primary key or unique index of its own, over its whole length, which ${key.name} needs`,
      remedy: [
        `-- Fails where two rows share an id: SELECT ${name}, COUNT(*) FROM ${table} GROUP BY ${name} HAVING COUNT(*) > 1;`,
        alterations(parent, `ADD UNIQUE INDEX ${quoteName(freeIndexName(parent, to.name))} (${name})`),
      ].join('\n'),
    },
  ];
}

/** Everything about the two tables that makes a key impossible, whatever the rows. Empty where nothing does. */
export function keyObstacles(child: Table, parent: Table, key: ForeignKey): KeyObstacle[] {
  const engines = [...engineObstacles(child, parent, key), ...partitionObstacles(child, parent, key)];
  // A view has neither types nor indexes of its own
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
