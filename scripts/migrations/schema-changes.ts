import type { Schema, Table } from '../../src/engine/schema/shape';
import type { Change, Findings, SchemaChanges } from './change';
import { checkNewColumns, compareColumns } from './column-changes';
import { compareIndexes, refuseHashedName } from './index-changes';
import { compareKeys } from './key-changes';

/** The order of the changes, each after those that it needs: a key needs its column and index. */
const order: readonly Change['kind'][] = [
  'create-table',
  'add-column',
  'append-enum-values',
  'change-column',
  'add-index',
  'replace-index',
  'drop-index',
  'add-foreign-key',
];

/** A new table with this package's engine and collation, whatever the defaults of the database it was read from. */
function houseTable(table: Table): Table {
  return {
    ...table,
    engine: 'InnoDB',
    charset: 'utf8mb4',
    collation: 'utf8mb4_unicode_ci',
    columns: table.columns.map((column) => ({ ...column, charset: null, collation: null })),
    foreignKeys: [],
  };
}

function created(table: Table, findings: Findings): void {
  checkNewColumns(table, findings);
  if (table.primaryKey.length === 0) {
    findings.refusals.push({
      object: `table ${table.name}`,
      because: 'it has no primary key',
      instead: 'Give the entity a @PrimaryColumn(idColumn).',
    });
  }
  for (const { name } of table.indexes) refuseHashedName(`index ${table.name}.${name}`, name, findings);
  findings.changes.push({ kind: 'create-table', table: houseTable(table) });
  findings.hints.push(
    `table ${table.name}: TypeORM can't express a CHECK or DESC. If you want them, add checks: [check(…)] and 'column DESC' to the table by hand.`,
  );
  compareKeys(null, table, findings);
}

function compareTables(before: Table, after: Table, findings: Findings): void {
  const object = `table ${before.name}`;
  const instead = 'Restore the entity, or write the migration by hand.';
  const keys = [before, after].map((table) => table.primaryKey.join(', '));
  if (keys[0] !== keys[1]) {
    const because = `its primary key is (${keys[0] ?? ''}), and the entity wants (${keys[1] ?? ''}): the table would be rebuilt, and references to it break`;
    findings.refusals.push({ object, because, instead });
  }
  if (before.engine !== after.engine) {
    const because = `its engine is ${before.engine}, and the entity wants ${after.engine}: only InnoDB has foreign keys`;
    findings.refusals.push({ object, because, instead });
  }
  compareColumns(before, after, findings);
  compareIndexes(before, after, findings);
  compareKeys(before, after, findings);
}

/**
 * The changes that turn one schema into the other; what would lose data is refused. Pure. What TypeORM can't express is
 * not compared, and so stays: CHECKs, DESC and prefixes of indexes, charsets and collations.
 *
 * @param before the schema of the migrations
 * @param after the schema of the entities
 */
export function schemaChanges(before: Schema, after: Schema): SchemaChanges {
  const findings: Findings = { changes: [], refusals: [], hints: [] };
  for (const table of after.values()) {
    const found = before.get(table.name);
    if (found === undefined) created(table, findings);
    else compareTables(found, table, findings);
  }
  for (const name of before.keys()) {
    if (after.has(name)) continue;
    findings.refusals.push({
      object: `table ${name}`,
      because: 'no entity has it any more, and dropping it would lose its rows',
      instead: 'Keep the entity. To retire the table, write the migration by hand once no release uses it.',
    });
  }
  const place = (change: Change): number => order.indexOf(change.kind);
  findings.changes.sort((one, other) => place(one) - place(other));
  return findings;
}
