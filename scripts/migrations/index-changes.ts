import { named, type Index, type IndexColumn, type Table } from '../../src/engine/schema/shape';
import { describeIndex, sameIndex } from '../../src/engine/steps/indexes';
import type { Findings } from './change';

/** A name that TypeORM made up. */
const hashed = /^(IDX|UQ|FK|REL|PK|CHK)_[0-9a-f]{20,}$/;

export function refuseHashedName(object: string, name: string, findings: Findings): boolean {
  if (!hashed.test(name)) return false;
  findings.refusals.push({
    object,
    because: 'it has no name of its own, and TypeORM made one up',
    instead:
      'Name it in the entity: @Index("idx_…"), @Unique("uq_…"), foreignKeyConstraintName: "fk_<child>_<parent>".',
  });
  return true;
}

const beginsWith = (index: Index, columns: readonly string[]): boolean =>
  columns.every((name, position) => index.columns[position]?.name === name);

/** Keeps what TypeORM can't express: DESC, a prefix, an invisible index. */
function withKept(before: Index, after: Index): Index {
  const kept = (column: IndexColumn): IndexColumn => named(before.columns, column.name) ?? column;
  return { ...after, columns: after.columns.map(kept), visible: before.visible };
}

/** The index that the server creates, with the key's name, for a key whose column has none. */
function isMadeByKey(table: Table, index: Index): boolean {
  return named(table.foreignKeys, index.name) !== undefined;
}

const hasOther = (table: Table, index: Index): boolean =>
  table.indexes.some(
    (one) =>
      one.name !== index.name &&
      beginsWith(
        one,
        index.columns.map((column) => column.name),
      ),
  );

function added(table: Table, index: Index, findings: Findings): void {
  const object = `index ${table.name}.${index.name}`;
  if (refuseHashedName(object, index.name, findings)) return;
  findings.changes.push({ kind: 'add-index', table: table.name, index });
  if (isMadeByKey(table, index)) {
    findings.hints.push(
      `${object} was created by the server for a foreign key whose column has no index. Give the column an @Index("idx_…") and generate again.`,
    );
  } else if (index.unique) {
    findings.hints.push(`${object} is unique: migrate fails where rows share its values already.`);
  } else {
    findings.hints.push(
      `${object}: TypeORM can't express DESC. If newest first is meant, write 'column DESC' in the step.`,
    );
  }
}

function gone(before: Table, after: Table, index: Index, findings: Findings): void {
  const key = before.foreignKeys.find((one) => beginsWith(index, one.columns));
  const others = after.indexes.filter((one) => !isMadeByKey(after, one));
  if (key !== undefined && !others.some((one) => beginsWith(one, key.columns))) {
    findings.refusals.push({
      object: `index ${before.name}.${index.name}`,
      because: `no entity has it any more, but foreign key ${key.name} needs an index that begins with ${key.columns.join(', ')}`,
      instead: 'Keep the index, or declare another one that begins with those columns.',
    });
    return;
  }
  findings.changes.push({ kind: 'drop-index', table: before.name, index });
}

/** The indexes of a table: new, changed, gone. */
export function compareIndexes(before: Table, after: Table, findings: Findings): void {
  for (const index of after.indexes) {
    const found = named(before.indexes, index.name);
    if (found === undefined) {
      const needless = isMadeByKey(after, index) && (hasOther(before, index) || hasOther(after, index));
      if (!needless) added(after, index, findings);
      continue;
    }
    const wanted = withKept(found, index);
    if (sameIndex(found, wanted)) continue;
    findings.changes.push({ kind: 'replace-index', table: before.name, before: found, after: wanted });
    if (wanted.columns.some((column) => column.descending)) {
      findings.hints.push(
        `index ${before.name}.${index.name} keeps its DESC: now ${describeIndex(wanted)}. TypeORM can't express it.`,
      );
    }
  }
  for (const index of before.indexes) {
    if (named(after.indexes, index.name) === undefined) gone(before, after, index, findings);
  }
}
