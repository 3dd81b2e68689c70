import { errnoOf, fail } from '../context';
import { behaviourCheck } from '../probe/behaviour-check';
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
      `a row of ${key.parentTable} that a flow uses ${what}`,
      `Mend ${key.name} as the check foreign-keys says; where that passes, look for triggers: SHOW TRIGGERS;`,
    );
  }
  return passBut(
    `${present.length === 1 ? 'a' : present.length} used repository was kept (errno ${stillReferenced})`,
    late,
  );
});
