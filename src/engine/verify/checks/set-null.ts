import { quoteName } from '../../server/queryable';
import { behaviourCheck, keysWithRule, notAsWanted, passBut, type KeyAt } from '../behaviour-check';
import type { Probe } from '../../probe/probe';

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
