import { quoteName } from '../../server/queryable';
import type { VerifyContext } from '../context';
import {
  behaviourCheck,
  keysWithRule,
  notAsWanted,
  passBut,
  type KeyAt,
  behaviourRemedy,
  notProven,
} from '../behaviour-check';
import type { Probe } from '../../probe/probe';
import { aOrAn, inWords } from '../../subject/parts';
import { sqlOf } from '../../schema/ddl';
import { guardSql } from '../../steps/guard-index';
import { isGuarded } from '../../steps/key-state';
import { note, remedyText, statement } from '../../steps/remedy';
import { named, type ForeignKey, type Table } from '../../schema/shape';
import type { CheckOutcome, Remedy } from '../report';

/** Deletes a row that two rows name, beside one that a third names. What is wrong with that, or null. */
async function faultOf(
  probe: Probe,
  { probes }: VerifyContext,
  { table, key }: KeyAt,
): Promise<string | null> {
  const [column, parentColumn] = [key.columns[0], key.parentColumns[0]];
  const [parent, child] = [inWords(probes, key.parentTable), inWords(probes, table)];
  const [deleted = '', other = ''] = await probe.insertParents([key, key]);
  await probe.insertAll([deleted, deleted, other].map((value) => ({ table, given: { [column]: value } })));
  const isDeleted = `${quoteName(parentColumn)} = ${deleted}`;
  const count = () =>
    probe.counts({
      parents: { table: key.parentTable, where: isDeleted },
      children: { table, where: `${quoteName(column)} = ${deleted}` },
      others: { table, where: `${quoteName(column)} = ${other}` },
      all: { table },
    });
  const before = await count();
  if (before.children !== 2) return `2 ${child.many} were inserted, ${before.children} are there`;
  await probe.execute(`DELETE FROM ${quoteName(key.parentTable)} WHERE ${isDeleted}`);
  const after = await count();
  const was = `${aOrAn(parent.one)} was deleted, and`;
  if (after.parents !== 0) return `${was} is still there`;
  if (after.children !== 0) return `${was} ${after.children} of its 2 ${child.many} stayed`;
  if (after.others !== 1) return `${was} ${aOrAn(child.one)} of another ${parent.one} went with it`;
  const lost = before.all - after.all - (table === key.parentTable ? 1 : 0);
  return lost === 2 ? null : `${was} ${lost} ${child.many} are gone, not its 2`;
}

/** Deleting a row takes the rows that name it by a key ON DELETE CASCADE, and no others. */
export const cascadeDeleteCheck = behaviourCheck('cascade-delete', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'CASCADE');
  const seen: string[] = [];
  for (const at of present) {
    const fault = await faultOf(probe, context, at);
    if (fault !== null) return notAsWanted(context, `${at.key.name}: ${fault}`);
    const [parent, child] = [inWords(context.probes, at.key.parentTable), inWords(context.probes, at.table)];
    seen.push(`${aOrAn(parent.one)} took its 2 ${child.many} along, and no others`);
  }
  return passBut(context, seen, late, 'CASCADE');
});

/** Deletes what a row names by a key. What that row names then: null for nothing, undefined where it is gone. */
async function referenceAfterDelete(
  probe: Probe,
  { table, key }: KeyAt,
  parent: string,
  row: string,
): Promise<unknown> {
  await probe.execute(
    `DELETE FROM ${quoteName(key.parentTable)} WHERE ${quoteName(key.parentColumns[0])} = ${parent}`,
  );
  const [found] = await probe.ask(
    `SELECT ${quoteName(key.columns[0])} AS reference FROM ${quoteName(table)} WHERE ${row}`,
  );
  return found?.reference;
}

/** Deleting a row clears the references by a key ON DELETE SET NULL to it, and keeps the rows that have them. */
export const setNullCheck = behaviourCheck('set-null', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'SET NULL');
  const parents = await probe.insertParents(present.map(({ key }) => key));
  const rows = await probe.insertRows(
    present.map(({ table, key }, at) => ({ table, given: { [key.columns[0]]: parents[at] ?? 'NULL' } })),
  );
  for (const [at, { table, key }] of present.entries()) {
    const reference = await referenceAfterDelete(
      probe,
      { table, key },
      parents[at] ?? 'NULL',
      rows[at] ?? 'FALSE',
    );
    if (reference === null) continue;
    const what = reference === undefined ? 'went with it' : 'still names it';
    return notAsWanted(
      context,
      `${key.name}: a row of ${key.parentTable} was deleted, and the row of ${table} that named it ${what}`,
    );
  }
  const cleared =
    present.length === 1
      ? 'a reference was cleared when its parent was deleted'
      : `${present.length} references were cleared when their parent was deleted`;
  return passBut(context, present.length === 0 ? [] : [cleared], late, 'SET NULL');
});

/** ER_ROW_IS_REFERENCED_2. */
const stillReferenced = 1451;

/** Why a key that is there lets a row through, where the catalog tells. */
function letInRemedy(context: VerifyContext, table: Table, key: ForeignKey): Remedy {
  if (isGuarded(table, key)) return behaviourRemedy(context);
  const column = key.columns[0];
  const guard = context.declared
    .get(table.name)
    ?.indexes.find((index) => index.columns[0]?.name === column && named(table.indexes, index.name));
  return remedyText([
    note('MySQL checks the key by its first index, of which a further column may be NULL. migrate mends it:'),
    ...(guard ? sqlOf(guardSql(table, column, guard)).map(statement) : []),
  ]);
}

/** Tries a row without parent under each key that is there as declared: the failure, or how many rows were refused. */
async function tryOrphans(probe: Probe, context: VerifyContext): Promise<CheckOutcome | number> {
  let refused = 0;
  for (const { name, foreignKeys } of context.declared.values()) {
    const table = context.live.get(name);
    for (const key of foreignKeys) {
      if (!table || !context.live.has(key.parentTable) || !named(table.foreignKeys, key.name)) continue;
      // A row that something else refuses, such as a column that is too short, is for another check to tell of
      if ((await probe.refusalOfOrphan(table, key)) !== null) {
        refused += 1;
        continue;
      }
      const what = `${key.name}: a row of ${name} that names no row of ${key.parentTable} was let in`;
      return notAsWanted(context, what, letInRemedy(context, table, key));
    }
  }
  return refused;
}

/** A row that another row names by a key ON DELETE RESTRICT can't be deleted, and no key lets a row in without parent. */
export const restrictCheck = behaviourCheck('restrict', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'RESTRICT');
  const kept = new Set<string>();
  const parents = await probe.insertParents(present.map(({ key }) => key));
  const named = present.map(({ key }, at) => ({ [key.columns[0]]: parents[at] ?? 'NULL' }));
  await probe.insertAll(present.map(({ table }, at) => ({ table, given: named[at] })));
  for (const [at, { table, key }] of present.entries()) {
    const isNamed = `${quoteName(key.parentColumns[0])} = ${parents[at] ?? 'NULL'}`;
    const refusal = await probe.refusal(`DELETE FROM ${quoteName(key.parentTable)} WHERE ${isNamed}`);
    const what = `${key.name}: a row of ${key.parentTable} that ${aOrAn(inWords(context.probes, table).one)} uses was`;
    if (refusal === null) return notAsWanted(context, `${what} deleted`);
    // A trigger of the parent, or a key of others, refused it first: what our key would have done does not show
    if (refusal.errno !== stillReferenced || !context.declared.has(refusal.keyOf ?? table))
      return notProven(
        `${what} kept by ${refusal.keyOf ?? `errno ${refusal.errno}`}, before the key could keep it`,
      );
    kept.add(`a used ${inWords(context.probes, key.parentTable).one} was kept (errno ${stillReferenced})`);
  }
  const refused = await tryOrphans(probe, context);
  if (typeof refused !== 'number') return refused;
  return passBut(
    context,
    [...kept, ...(refused === 0 ? [] : ['rows without parent were refused'])],
    late,
    'RESTRICT',
  );
});
