import { fail, pass, type CheckOutcome } from '../context';
import { behaviourCheck, behaviourRemedy, besidesTriggers } from '../probe/behaviour-check';
import { insertExecution, insertFlow } from '../probe/flow-rows';

/** Deleting a flow takes its executions, and those of no other flow. */
export const cascadeDeleteCheck = behaviourCheck('cascade-delete', async (probe, context) => {
  const wrong = (summary: string): CheckOutcome =>
    fail(`fk_executions_flow: ${summary}${besidesTriggers(context)}`, behaviourRemedy(context));
  const [flow, other] = [await insertFlow(probe), await insertFlow(probe)];
  for (const id of [flow, flow, other]) await insertExecution(probe, id);
  const left = (id: string): Promise<number> =>
    probe.count(`SELECT COUNT(*) AS executions FROM protection_flow_executions WHERE flow_id = '${id}'`);
  const before = await left(flow);
  if (before !== 2) return wrong(`2 executions were inserted, ${before} are there`);
  const executions = 'SELECT COUNT(*) AS executions FROM protection_flow_executions';
  const all = await probe.count(executions);
  await probe.execute(`DELETE FROM protection_flows WHERE id = '${flow}'`);
  const gone = await probe.count(`SELECT COUNT(*) AS flows FROM protection_flows WHERE id = '${flow}'`);
  if (gone !== 0) return wrong('a flow was deleted, and is still there');
  const after = await left(flow);
  if (after !== 0) return wrong(`a flow was deleted, and ${after} of its 2 executions stayed`);
  const others = await left(other);
  if (others !== 1) return wrong('a flow was deleted, and an execution of another flow went with it');
  const lost = all - (await probe.count(executions));
  if (lost !== 2) return wrong(`a flow with 2 executions was deleted, and ${lost} are gone`);
  return pass('a flow took its 2 executions along, and no others');
});
