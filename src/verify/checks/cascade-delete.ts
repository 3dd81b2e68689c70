import { fail, pass } from '../context';
import { behaviourCheck } from '../probe/behaviour-check';
import { insertExecution, insertFlow } from '../probe/flow-rows';

const remedy =
  'Mend fk_executions_flow as the check foreign-keys says; where that passes, look for triggers: SHOW TRIGGERS;';

/** Deleting a flow takes its executions, and those of no other flow. */
export const cascadeDeleteCheck = behaviourCheck('cascade-delete', async (probe) => {
  const [flow, other] = [await insertFlow(probe), await insertFlow(probe)];
  for (const id of [flow, flow, other]) await insertExecution(probe, id);
  const left = (id: string): Promise<number> =>
    probe.count(`SELECT COUNT(*) AS executions FROM protection_flow_executions WHERE flow_id = '${id}'`);
  const before = await left(flow);
  if (before !== 2) return fail(`2 executions were inserted, ${before} are there`, remedy);
  await probe.execute(`DELETE FROM protection_flows WHERE id = '${flow}'`);
  const after = await left(flow);
  if (after !== 0) return fail(`a flow was deleted, and ${after} of its 2 executions stayed`, remedy);
  const others = await left(other);
  if (others !== 1) return fail(`a flow was deleted, and an execution of another flow went with it`, remedy);
  return pass('a flow took its 2 executions along, and no others');
});
