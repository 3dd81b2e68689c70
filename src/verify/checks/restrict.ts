import { errnoOf, fail } from '../context';
import { behaviourCheck, behaviourRemedy, besidesTriggers } from '../probe/behaviour-check';
import { insertFlow } from '../probe/flow-rows';
import { keysWithRule, passBut } from './set-null';

/** ER_ROW_IS_REFERENCED_2. */
const stillReferenced = 1451;

/** A repository that a flow uses can't be deleted. */
export const restrictCheck = behaviourCheck('restrict', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'RESTRICT');
  for (const { key } of present) {
    const [column = '', parentColumn = ''] = [key.columns[0], key.parentColumns[0]];
    const parent = await probe.insert(key.parentTable, parentColumn);
    await insertFlow(probe, { flow_type: 'backup', [column]: parent });
    const sql = `DELETE FROM ${key.parentTable} WHERE ${parentColumn} = '${parent}'`;
    const errno = await probe.refusal(sql, errnoOf);
    if (errno === stillReferenced) continue;
    const what = errno === null ? 'was deleted' : `was kept by errno ${errno}, not by the key`;
    return fail(
      `${key.name}: a row of ${key.parentTable} that a flow uses ${what}${besidesTriggers(context)}`,
      behaviourRemedy(context),
    );
  }
  if (present.length === 0) return passBut('nothing to show', late);
  return passBut(
    `${present.length === 1 ? 'a' : present.length} used repository was kept (errno ${stillReferenced})`,
    late,
  );
});
