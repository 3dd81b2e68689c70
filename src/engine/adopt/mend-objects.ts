import { compareTable, type Difference } from '../schema/compare';
import {
  alterSql,
  checkSql,
  columnSql,
  dropCheckSql,
  expectedText,
  indexSql,
  rowFormatSql,
} from '../schema/ddl';
import { separateDuplicates } from './mend-columns';
import { quoteName } from '../server/queryable';
import { note, statement, type RemedyPart } from '../steps/remedy';
import type { Flavour } from '../server/server';
import { named, type Schema, type Table } from '../schema/shape';

/** A declared table with the schemas it is compared in. */
export interface MendTarget {
  readonly declared: Schema;
  readonly table: Table;
  readonly live: Schema;
}

/** The differences of one kind of object. */
export function differencesOf(
  { declared, table, live }: MendTarget,
  object: Difference['object'],
): Difference[] {
  return compareTable(declared, table, live).filter((one) => one.object === object);
}

function mendKind(table: string, special: string): RemedyPart[] {
  const parts: RemedyPart[] = [];
  if (special.includes('system versioned')) {
    parts.push(
      note(
        `The former versions of the rows of ${table} go with it; to look first: SELECT * FROM ${quoteName(table)} FOR SYSTEM_TIME ALL`,
      ),
      statement('SET SESSION system_versioning_alter_history = KEEP'),
      statement(alterSql(table, 'DROP SYSTEM VERSIONING')),
    );
  }
  if (special.includes('partitioned')) parts.push(statement(alterSql(table, 'REMOVE PARTITIONING')));
  return parts;
}

/** What gives an existing table its declared engine, kind and default charset. */
export function mendTableSettings(target: MendTarget): RemedyPart[] {
  const { table, live } = target;
  const found = live.get(table.name);
  if (found === undefined) return [];
  const different = differencesOf(target, 'table').map((one) => one.property);
  const parts: RemedyPart[] = [];
  if (different.includes('kind')) parts.push(...mendKind(table.name, found.special ?? ''));
  if (different.includes('engine'))
    parts.push(statement(alterSql(table.name, `ENGINE=${table.engine}`, rowFormatSql)));
  if (different.includes('row-format')) parts.push(statement(alterSql(table.name, rowFormatSql)));
  if (different.includes('charset') || different.includes('collation')) {
    const settings = `DEFAULT CHARACTER SET ${table.charset} COLLATE ${table.collation}`;
    parts.push(statement(alterSql(table.name, settings)));
  }
  return parts;
}

/** What brings back the declared indexes, and then drops the ones that are not declared. */
export function mendIndexes(target: MendTarget, flavour: Flavour): RemedyPart[] {
  const { table } = target;
  const parts: RemedyPart[] = [];
  const differences = differencesOf(target, 'index');
  const different = new Set(differences.map((one) => one.name));
  const live = target.live.get(table.name)?.indexes ?? [];
  for (const index of table.indexes.filter(({ name }) => different.has(name))) {
    const column = named(table.columns, index.columns[0]?.name ?? '');
    const found = named(live, index.name);
    different.delete(index.name);
    if (differences.every(({ name, property }) => name !== index.name || property === 'visible')) {
      // MariaDB takes DROP and ADD of the same index for nothing at all, and leaves it ignored
      const use = flavour === 'mariadb' ? 'NOT IGNORED' : 'VISIBLE';
      parts.push(statement(alterSql(table.name, `ALTER INDEX ${quoteName(index.name)} ${use}`)));
      continue;
    }
    const drop = found === undefined ? [] : [`DROP INDEX ${quoteName(index.name)}`];
    if (index.unique && index.columns.length === 1 && column !== undefined)
      parts.push(...separateDuplicates(table, column));
    parts.push(statement(alterSql(table.name, ...drop, `ADD ${indexSql(index)}`)));
  }
  // After the declared ones are back: a key may have lived on what goes now
  for (const name of different) parts.push(statement(alterSql(table.name, `DROP INDEX ${quoteName(name)}`)));
  return parts;
}

/** What brings back the declared CHECKs, and drops the others. */
export function mendChecks(target: MendTarget, flavour: Flavour): RemedyPart[] {
  const { declared, table, live } = target;
  const parts: RemedyPart[] = [];
  for (const name of new Set(differencesOf(target, 'check').map((one) => one.name))) {
    const wanted = named(table.checks, name);
    const column = named(table.columns, name);
    if (wanted === undefined && column !== undefined && flavour === 'mariadb') {
      // A CHECK of a column, named as the column, goes with the column's definition
      const definition = columnSql(column, expectedText(declared, table, column, live));
      parts.push(statement(alterSql(table.name, `MODIFY ${definition}`)));
      continue;
    }
    if (named(live.get(table.name)?.checks ?? [], name) !== undefined)
      parts.push(statement(alterSql(table.name, dropCheckSql(name))));
    if (wanted === undefined) continue;
    parts.push(
      note(
        `Fails while rows break it: SELECT * FROM ${quoteName(table.name)} WHERE NOT (${wanted.expression})`,
      ),
      statement(alterSql(table.name, `ADD ${checkSql(wanted)}`)),
    );
  }
  return parts;
}
