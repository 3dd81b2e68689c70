import type { ForeignKey } from '../../schema/shape';
import { deferred, fail, pass, type CheckOutcome, type VerifyContext } from '../context';
import { behaviourCheck, behaviourRemedy, besidesTriggers } from '../probe/behaviour-check';
import { insertExecution, insertFlow } from '../probe/flow-rows';
import type { Probe } from '../probe/probe';

/** Deletes a parent that one row names; what the row names then, null for nothing, undefined where it is gone. */
async function referenceAfterDelete(probe: Probe, table: string, key: ForeignKey): Promise<unknown> {
  const [column = '', parentColumn = ''] = [key.columns[0], key.parentColumns[0]];
  const parent = await probe.insert(key.parentTable, parentColumn);
  const given = { [column]: parent };
  const row =
    table === 'protection_flows'
      ? await insertFlow(probe, given)
      : await insertExecution(probe, await insertFlow(probe), given);
  await probe.execute(`DELETE FROM ${key.parentTable} WHERE ${parentColumn} = '${parent}'`);
  const [found] = await probe.ask(`SELECT ${column} AS reference FROM ${table} WHERE id = '${row}'`);
  return found?.reference;
}

/** The keys with that delete rule, apart those whose parent table does not exist. */
export function keysWithRule(
  { declared, live }: VerifyContext,
  rule: ForeignKey['onDelete'],
): { present: { table: string; key: ForeignKey }[]; late: string[] } {
  const keys = [...declared.values()].flatMap(({ name, foreignKeys }) =>
    foreignKeys.filter((key) => key.onDelete === rule).map((key) => ({ table: name, key })),
  );
  return {
    present: keys.filter(({ key }) => live.has(key.parentTable)),
    late: keys.filter(({ key }) => !live.has(key.parentTable)).map(({ key }) => key.name),
  };
}

/** A pass, or deferred where some keys could not be looked at. `seen` is null where none could: it claims nothing then. */
export function passBut(seen: string | null, late: readonly string[]): CheckOutcome {
  const unseen = late.length === 0 ? null : `not looked at, without parent: ${late.join(', ')}`;
  const summary = [seen, unseen].filter((part) => part !== null).join('; ');
  return unseen === null ? pass(summary) : deferred(summary);
}

function clearedReferences(count: number): string | null {
  if (count === 0) return null;
  return count === 1
    ? 'a reference was cleared when its parent was deleted'
    : `${count} references were cleared when their parent was deleted`;
}

/** Deleting a schedule, a schedule execution or a policy clears the references to it, and keeps the rows. */
export const setNullCheck = behaviourCheck('set-null', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'SET NULL');
  for (const { table, key } of present) {
    const reference = await referenceAfterDelete(probe, table, key);
    if (reference === null) continue;
    const what = reference === undefined ? 'went with it' : 'still names it';
    return fail(
      `${key.name}: a row of ${key.parentTable} was deleted, and the row of ${table} that named it ${what}${besidesTriggers(context)}`,
      behaviourRemedy(context),
    );
  }
  return passBut(clearedReferences(present.length), late);
});
