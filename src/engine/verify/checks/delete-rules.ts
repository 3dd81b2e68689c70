import { sqlOf } from '../../schema/ddl';
import { keysIn, named, type ForeignKey, type Table } from '../../schema/shape';
import { quoteName } from '../../server/queryable';
import { guardSql } from '../../schema/guarded-columns';
import { isGuarded } from '../../steps/key-state';
import { note, remedyText, statement } from '../../steps/remedy';
import { aOrAn, inWords } from '../../subject/parts';
import type { Probe } from '../../probe/probe';
import { behaviourCheck, behaviourRemedy, notAsWanted, notProven } from '../behaviour-check';
import type { Check, VerifyContext } from '../context';
import { deferred, pass, type CheckId, type CheckOutcome, type Remedy } from '../report';

/** A declared key, with its table. */
type Key = ReturnType<typeof keysIn>[number];

/**
 * A check of the keys with that delete rule. `prove` gets those whose parent table exists, and returns what it saw, or the
 * failure. Deferred where a parent table is missing.
 */
function deleteCheck(
  id: CheckId,
  rule: ForeignKey['onDelete'],
  prove: (probe: Probe, context: VerifyContext, keys: readonly Key[]) => Promise<string[] | CheckOutcome>,
): Check {
  return behaviourCheck(id, async (probe, context) => {
    const keys = keysIn(context.declared).filter(({ key }) => key.onDelete === rule);
    const hasParent = ({ key }: Key): boolean => context.live.has(key.parentTable);
    const seen = await prove(probe, context, keys.filter(hasParent));
    if (!Array.isArray(seen)) return seen;
    const late = keys.filter((one) => !hasParent(one)).map(({ key }) => key.name);
    const claim = seen.join(', ');
    if (late.length === 0) return pass(claim === '' ? `no key is declared with ON DELETE ${rule}` : claim);
    const unseen = `not looked at, without parent: ${late.join(', ')}`;
    return deferred(context.history.names, claim === '' ? unseen : `${claim}; ${unseen}`);
  });
}

/** Deletes a row that two rows reference; a third row references another one. Returns what went wrong, or null. */
async function faultOf(
  probe: Probe,
  { probes }: VerifyContext,
  { table: { name: table }, key }: Key,
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

/** Deleting a row deletes the rows that reference it by a key ON DELETE CASCADE, and no others. */
export const cascadeDeleteCheck = deleteCheck('cascade-delete', 'CASCADE', async (probe, context, keys) => {
  const seen: string[] = [];
  for (const at of keys) {
    const fault = await faultOf(probe, context, at);
    if (fault !== null) return notAsWanted(context, `${at.key.name}: ${fault}`);
    const [parent, child] = [
      inWords(context.probes, at.key.parentTable),
      inWords(context.probes, at.table.name),
    ];
    seen.push(`${aOrAn(parent.one)} took its 2 ${child.many} along, and no others`);
  }
  return seen;
});

/** Deleting a row clears the references to it by a key ON DELETE SET NULL, and keeps the rows with them. */
export const setNullCheck = deleteCheck('set-null', 'SET NULL', async (probe, context, keys) => {
  const parents = await probe.insertParents(keys.map(({ key }) => key));
  const rows = await probe.insertRows(
    keys.map(({ table, key }, at) => ({
      table: table.name,
      given: { [key.columns[0]]: parents[at] ?? 'NULL' },
    })),
  );
  for (const [at, { table, key }] of keys.entries()) {
    const isParent = `${quoteName(key.parentColumns[0])} = ${parents[at] ?? 'NULL'}`;
    await probe.execute(`DELETE FROM ${quoteName(key.parentTable)} WHERE ${isParent}`);
    const [found] = await probe.ask(
      `SELECT ${quoteName(key.columns[0])} AS reference FROM ${quoteName(table.name)} WHERE ${rows[at] ?? 'FALSE'}`,
    );
    if (found?.reference === null) continue;
    const what = found?.reference === undefined ? 'went with it' : 'still names it';
    return notAsWanted(
      context,
      `${key.name}: a row of ${key.parentTable} was deleted, and the row of ${table.name} that named it ${what}`,
    );
  }
  if (keys.length === 0) return [];
  return [
    keys.length === 1
      ? 'a reference was cleared when its parent was deleted'
      : `${keys.length} references were cleared when their parent was deleted`,
  ];
});

/** ER_ROW_IS_REFERENCED_2. */
const stillReferenced = 1451;

/** The remedy for an existing key that accepts an orphan: an index to rebuild, else {@link behaviourRemedy}. */
function letInRemedy(context: VerifyContext, table: Table, key: ForeignKey): Remedy {
  if (isGuarded(table, key)) return behaviourRemedy(context);
  const column = key.columns[0];
  const guard = context.declared
    .get(table.name)
    ?.indexes.find((index) => index.columns[0]?.name === column && named(table.indexes, index.name));
  return remedyText([
    note('MySQL checks the key by its first index, and another column there may be NULL. migrate mends it:'),
    ...(guard ? sqlOf(guardSql(table, column, guard)).map(statement) : []),
  ]);
}

/** Tries to insert an orphan under each declared key that exists. Returns the failure, or how many rows were refused. */
async function tryOrphans(probe: Probe, context: VerifyContext): Promise<CheckOutcome | number> {
  let refused = 0;
  for (const { table: declared, key } of keysIn(context.declared)) {
    const table = context.live.get(declared.name);
    if (!table || !context.live.has(key.parentTable) || !named(table.foreignKeys, key.name)) continue;
    // Another check reports what else may refuse the row, such as a column that is too short
    if ((await probe.refusalOfOrphan(table, key)) !== null) {
      refused += 1;
      continue;
    }
    const what = `${key.name}: a row of ${table.name} that names no row of ${key.parentTable} was let in`;
    return notAsWanted(context, what, letInRemedy(context, table, key));
  }
  return refused;
}

/** A row that another row references by a key ON DELETE RESTRICT can't be deleted, and no key accepts an orphan. */
export const restrictCheck = deleteCheck('restrict', 'RESTRICT', async (probe, context, keys) => {
  const kept = new Set<string>();
  const parents = await probe.insertParents(keys.map(({ key }) => key));
  const given = keys.map(({ key }, at) => ({ [key.columns[0]]: parents[at] ?? 'NULL' }));
  await probe.insertAll(keys.map(({ table }, at) => ({ table: table.name, given: given[at] })));
  for (const [at, { table, key }] of keys.entries()) {
    const isNamed = `${quoteName(key.parentColumns[0])} = ${parents[at] ?? 'NULL'}`;
    const refusal = await probe.refusal(`DELETE FROM ${quoteName(key.parentTable)} WHERE ${isNamed}`);
    const user = aOrAn(inWords(context.probes, table.name).one);
    const what = `${key.name}: a row of ${key.parentTable} that ${user} uses was`;
    if (refusal === null) return notAsWanted(context, `${what} deleted`);
    // A trigger of the parent or an undeclared key refused it first, which proves nothing about our key
    if (refusal.errno !== stillReferenced || !context.declared.has(refusal.keyOf ?? table.name))
      return notProven(
        `${what} kept by ${refusal.keyOf ?? `errno ${refusal.errno}`}, before the key could keep it`,
      );
    kept.add(`a used ${inWords(context.probes, key.parentTable).one} was kept (errno ${stillReferenced})`);
  }
  const refused = await tryOrphans(probe, context);
  if (typeof refused !== 'number') return refused;
  return [...kept, ...(refused === 0 ? [] : ['rows without parent were refused'])];
});
