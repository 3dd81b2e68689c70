import { compareForeignKey, describeDifference } from '../../src/engine/schema/compare';
import { index } from '../../src/engine/schema/declare';
import { named, type ForeignKey, type Index, type Table } from '../../src/engine/schema/shape';
import type { Findings } from './change';
import { refuseHashedName } from './index-changes';

/** The index that a key uses: one of the entity's, or else the server's, which has the key's name. */
function indexOf(key: ForeignKey, table: Table): Index {
  const [column = ''] = key.columns;
  const own = table.indexes.find((one) => one.columns[0]?.name === column && one.name !== key.name);
  return own ?? index(key.name, column);
}

/** The foreign keys of a table; `before` is null for a new one. */
export function compareKeys(before: Table | null, after: Table, findings: Findings): void {
  for (const key of after.foreignKeys) {
    const object = `foreign key ${after.name}.${key.name}`;
    const found = named(before?.foreignKeys ?? [], key.name);
    const differences = found === undefined ? [] : compareForeignKey(after.name, key, found);
    if (differences.length > 0) {
      findings.refusals.push({
        object,
        because: `it is not what it was (${differences.map(describeDifference).join('; ')}): while the old one is off, nothing keeps orphans out`,
        instead: 'Restore the entity, or add the new key under another name and drop the old one by hand.',
      });
    }
    if (found !== undefined || refuseHashedName(object, key.name, findings)) continue;
    if (key.columns.length > 1) {
      findings.refusals.push({
        object,
        because: 'the online way to add a key knows keys of one column only',
        instead: "Refer to the parent's id, or write the step by hand.",
      });
    } else
      findings.changes.push({ kind: 'add-foreign-key', table: after.name, key, index: indexOf(key, after) });
  }
  for (const key of before?.foreignKeys ?? []) {
    if (named(after.foreignKeys, key.name) !== undefined) continue;
    findings.refusals.push({
      object: `foreign key ${after.name}.${key.name}`,
      because: `no entity has it any more, and without it rows can name a ${key.parentTable} that does not exist`,
      instead: 'Keep the relation in the entity, or write the migration by hand.',
    });
  }
}
