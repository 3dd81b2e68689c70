import { isText } from '../../src/engine/schema/column-type';
import { named, type Column, type Table } from '../../src/engine/schema/shape';
import { describeColumn, sameColumn } from '../../src/engine/steps/columns';
import type { Change, Findings } from './change';
import { enumValues, nullLoss, typeLoss } from './column-loss';

const retire =
  'Keep it in the entity. To retire it, write the migration by hand once no running release reads or writes it; for a rename, add the new column, copy, and retire the old one later.';

/** A column as a migration declares it, with its table's charset. */
const declared = (column: Column): Column => ({ ...column, charset: null, collation: null });

/** What the steps can't express of a column of the entities; null for nothing. */
function inexpressible(table: Table, column: Column): string | null {
  if (column.extra !== '') return `${column.extra} columns are not known to the steps`;
  if (isText(column.type) && column.collation !== table.collation)
    return `its collation ${column.collation ?? ''} is not the table's, and keys and joins across collations fail`;
  if (`${column.type} ${column.default ?? ''}`.includes('\\'))
    return 'a literal with a backslash means different things under different sql_modes';
  return null;
}

const byHand = 'Change the entity, or write the migration by hand.';

function added(table: Table, column: Column, findings: Findings): void {
  const object = `column ${table.name}.${column.name}`;
  const because = inexpressible(table, column);
  if (because !== null) findings.refusals.push({ object, because, instead: byHand });
  else if (!column.nullable && column.default === null) {
    findings.refusals.push({
      object,
      because: 'it is new, NOT NULL and has no default: the rows that exist have no value for it',
      instead: 'Make it nullable or give it a default.',
    });
  } else if (column.default !== null && !/^'|^current_timestamp$/.test(column.default)) {
    findings.refusals.push({
      object,
      because: `its default is the expression ${column.default}: each replica would give the rows that exist other values, so MySQL refuses (1674)`,
      instead: 'Make it nullable without a default, and let the program set it.',
    });
  } else findings.changes.push({ kind: 'add-column', table: table.name, column: declared(column) });
}

/** True if values are only appended: that step's rollback says more. */
function appended(table: string, before: Column, after: Column): Change | null {
  const [from, to] = [enumValues(before.type), enumValues(after.type)];
  if (from === null || to === null || !sameColumn({ ...before, type: after.type }, after)) return null;
  if (to.some((value) => /['\\]/.test(value))) return null;
  const add = to.slice(from.length);
  return { kind: 'append-enum-values', table, column: before.name, from, add };
}

function changed(table: Table, before: Column, after: Column, findings: Findings): void {
  if (sameColumn(before, after)) return;
  const object = `column ${table.name}.${before.name}`;
  const change = `${describeColumn(before)} → ${describeColumn(after)}`;
  const because = inexpressible(table, after);
  if (because !== null) {
    findings.refusals.push({ object, because: `${change}: ${because}`, instead: byHand });
    return;
  }
  const losses = [typeLoss(before.type, after.type), nullLoss(before, after)].filter((loss) => loss !== null);
  if (losses.length > 0) {
    findings.refusals.push({
      object,
      because: `${change}: ${losses.join('; ')}`,
      instead:
        'Restore the entity. Or add a new column, copy the values, and drop the old one in a later release.',
    });
    return;
  }
  const key = table.foreignKeys.find((one) => one.columns.includes(after.name));
  if (key !== undefined && before.type !== after.type) {
    findings.refusals.push({
      object,
      because: `${change}: foreign key ${key.name} starts at it, and servers refuse another type under a key (1832)`,
      instead: 'Keep the type. Ids are varchar(64) on both sides of every key.',
    });
    return;
  }
  if (before.nullable && !after.nullable) {
    findings.hints.push(
      `${table.name}.${after.name} becomes NOT NULL: while a row holds NULL, migrate refuses and prints the statement that finds it.`,
    );
  }
  findings.changes.push(
    appended(table.name, before, after) ?? {
      kind: 'change-column',
      table: table.name,
      before: declared(before),
      after: declared(after),
    },
  );
}

/** The columns of a table: new, changed, gone. */
export function compareColumns(before: Table, after: Table, findings: Findings): void {
  for (const column of before.columns) {
    const wanted = named(after.columns, column.name);
    if (wanted !== undefined) changed(after, column, wanted, findings);
    else {
      findings.refusals.push({
        object: `column ${before.name}.${column.name}`,
        because: 'no entity has it any more, and dropping it would lose its values',
        instead: retire,
      });
    }
  }
  for (const column of after.columns) {
    if (named(before.columns, column.name) === undefined) added(after, column, findings);
  }
}

/** Why the steps can't create a new table, column by column. */
export function checkNewColumns(table: Table, findings: Findings): void {
  for (const column of table.columns) {
    const because = inexpressible(table, column);
    if (because !== null) {
      findings.refusals.push({ object: `column ${table.name}.${column.name}`, because, instead: byHand });
    }
  }
}
