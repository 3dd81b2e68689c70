import { guardSql } from '../../schema/guarded-columns';
import { isGuarded } from '../../steps/key-state';
import { note, remedyText, statement } from '../../steps/remedy';
import { named, type ForeignKey, type Table } from '../../schema/shape';
import { fail, type CheckOutcome, type VerifyContext } from '../context';
import { notProven } from '../probe/answers';
import { behaviourCheck, behaviourRemedy, besidesTriggers } from '../probe/behaviour-check';
import { insertFlow } from '../probe/flow-rows';
import type { Probe } from '../probe/probe';
import { keysWithRule, passBut } from './set-null';

/** ER_ROW_IS_REFERENCED_2. */
const stillReferenced = 1451;

/** Why a key that is there lets a row through, where the catalog tells. */
function letInRemedy(context: VerifyContext, table: Table, key: ForeignKey): string {
  if (isGuarded(table, key)) return behaviourRemedy(context);
  const column = key.columns[0] ?? '';
  const guard = context.declared
    .get(table.name)
    ?.indexes.find((index) => index.columns[0]?.name === column && named(table.indexes, index.name));
  return remedyText([
    note('MySQL checks the key by its first index, of which a further column may be NULL. migrate mends it:'),
    ...(guard ? guardSql(table, column, guard).map(statement) : []),
  ]);
}

/** Tries a row without parent under each key that is there as declared; what was let in, or how many were refused. */
async function letIn(probe: Probe, context: VerifyContext): Promise<CheckOutcome | number> {
  let refused = 0;
  for (const { name, foreignKeys } of context.declared.values()) {
    const table = context.live.get(name);
    for (const key of foreignKeys) {
      if (!table || !context.live.has(key.parentTable) || !named(table.foreignKeys, key.name)) continue;
      const given = { [key.columns[0] ?? '']: probe.newId() };
      const row =
        name === 'protection_flows'
          ? { name: probe.newId(), flow_type: 'replication', destination_type: 'ossea', ...given }
          : { flow_id: await insertFlow(probe), ...given };
      const { text } = await probe.insertSql(name, row);
      // Refused by something else, such as a column that is too short, it is what another check speaks of
      if ((await probe.refusal(text)) !== null) {
        refused += 1;
        continue;
      }
      return fail(
        `${key.name}: a row of ${name} that names no row of ${key.parentTable} was let in${besidesTriggers(context)}`,
        letInRemedy(context, table, key),
      );
    }
  }
  return refused;
}

/** A repository that a flow uses can't be deleted, and no key lets a row in that names no parent. */
export const restrictCheck = behaviourCheck('restrict', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'RESTRICT');
  for (const { table, key } of present) {
    const [column = '', parentColumn = ''] = [key.columns[0], key.parentColumns[0]];
    const parent = await probe.insert(key.parentTable, parentColumn);
    await insertFlow(probe, { flow_type: 'backup', [column]: parent });
    const sql = `DELETE FROM ${key.parentTable} WHERE ${parentColumn} = '${parent}'`;
    const refusal = await probe.refusal(sql);
    if (refusal === null)
      return fail(
        `${key.name}: a row of ${key.parentTable} that a flow uses was deleted${besidesTriggers(context)}`,
        behaviourRemedy(context),
      );
    // By a trigger of the parent, or a key of others: what the key would have done does not show
    if (refusal.errno !== stillReferenced || !context.declared.has(refusal.keyOf ?? table))
      return notProven(
        `${key.name}: a row of ${key.parentTable} that a flow uses was kept by ${refusal.keyOf ?? `errno ${refusal.errno}`}, before the key could keep it`,
      );
  }
  const refused = await letIn(probe, context);
  if (typeof refused !== 'number') return refused;
  const seen = [
    ...(present.length === 0 ? [] : [`a used repository was kept (errno ${stillReferenced})`]),
    ...(refused === 0 ? [] : ['rows without parent were refused']),
  ];
  return passBut(seen.length === 0 ? null : seen.join(', '), late);
});
