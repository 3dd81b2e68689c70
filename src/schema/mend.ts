import type { Difference } from './compare';
import { alterSql, checkSql, columnSql, createTableSql, dropCheckSql, dropForeignKeySql } from './ddl';
import { expectedText, foreignKeySql, indexSql } from './ddl';
import { quoteName } from './queryable';
import type { Flavour } from './server';
import { named, type Schema, type Table } from './shape';

function mendTable(table: Table, difference: Difference): string[] {
  if (difference.property === 'presence') return [createTableSql(table)];
  if (difference.property === 'engine') return [alterSql(table.name, `ENGINE=${table.engine}`)];
  return [alterSql(table.name, `DEFAULT CHARACTER SET ${table.charset} COLLATE ${table.collation}`)];
}

function mendColumn(declared: Schema, table: Table, difference: Difference, live: Schema): string[] {
  const column = named(table.columns, difference.name);
  if (column === undefined)
    return [
      alterSql(
        table.name,
        `MODIFY ${quoteName(difference.name)} ${difference.actual?.split(' ')[0] ?? ''} NULL`,
      ),
    ];
  const verb = difference.property === 'presence' ? 'ADD' : 'MODIFY';
  return [alterSql(table.name, `${verb} ${columnSql(column, expectedText(declared, table, column, live))}`)];
}

function mendIndex(table: Table, difference: Difference): string[] {
  const index = named(table.indexes, difference.name);
  const drop = `DROP INDEX ${quoteName(difference.name)}`;
  if (index === undefined) return [alterSql(table.name, drop)];
  return [alterSql(table.name, ...(difference.actual === null ? [] : [drop]), `ADD ${indexSql(index)}`)];
}

function mendCheck(table: Table, difference: Difference): string[] {
  const check = named(table.checks, difference.name);
  const drop = alterSql(table.name, dropCheckSql(difference.name));
  if (check === undefined) return [drop];
  return [...(difference.actual === null ? [] : [drop]), alterSql(table.name, `ADD ${checkSql(check)}`)];
}

function mendForeignKey(table: Table, difference: Difference, flavour: Flavour): string[] {
  const key = named(table.foreignKeys, difference.name);
  const drop = alterSql(table.name, dropForeignKeySql(difference.name));
  if (key === undefined) return [drop];
  return [
    ...(difference.actual === null ? [] : [drop]),
    alterSql(table.name, `ADD ${foreignKeySql(key, flavour)}`),
  ];
}

/** The statements that mend one difference, in order, without their semicolons. */
export function mendingSql(
  declared: Schema,
  difference: Difference,
  live: Schema,
  flavour: Flavour,
): string[] {
  const table = declared.get(difference.table);
  if (table === undefined) return [];
  switch (difference.object) {
    case 'table':
      return mendTable(table, difference);
    case 'primary-key':
      return [
        alterSql(
          table.name,
          'DROP PRIMARY KEY',
          `ADD PRIMARY KEY (${table.primaryKey.map(quoteName).join(', ')})`,
        ),
      ];
    case 'column':
      return mendColumn(declared, table, difference, live);
    case 'index':
      return mendIndex(table, difference);
    case 'check':
      return mendCheck(table, difference);
    case 'foreign-key':
      return mendForeignKey(table, difference, flavour);
  }
}

/** The statements that mend all of the differences, each once. */
export function mendAll(
  declared: Schema,
  differences: readonly Difference[],
  live: Schema,
  flavour: Flavour,
): string[] {
  return [...new Set(differences.flatMap((difference) => mendingSql(declared, difference, live, flavour)))];
}
