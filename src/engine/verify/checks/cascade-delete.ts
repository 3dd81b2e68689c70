import { quoteName } from '../../server/queryable';
import type { VerifyContext } from '../context';
import { behaviourCheck, keysWithRule, notAsWanted, passBut, type KeyAt } from '../behaviour-check';
import type { Probe } from '../../probe/probe';
import { aOrAn, inWords } from '../../subject/probes';

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
