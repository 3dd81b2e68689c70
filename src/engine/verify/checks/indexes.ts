import { ask, fail, pass, remedyOf, unlessTables, type Check } from '../context';
import { behaviourCheck, behaviourRemedy, besidesTriggers } from '../probe/behaviour-check';
import { insertFlow } from '../probe/flow-rows';
import { differ, differencesIn, tableList } from './declared-objects';

/** ER_DUP_ENTRY. */
const duplicate = 1062;

/** A second flow whose name differs from the first one's in case alone is refused. */
const uniqueName = behaviourCheck('indexes', async (probe, context) => {
  const name = probe.newId();
  await insertFlow(probe, { name });
  const { text } = await probe.insertSql('protection_flows', {
    id: probe.newId(),
    name: name.toUpperCase(),
    flow_type: 'replication',
    destination_type: 'ossea',
  });
  const refusal = await probe.refusal(text);
  if (refusal?.errno === duplicate)
    return pass(`a second flow of a name, in capitals, is refused (errno ${duplicate})`);
  const what =
    refusal === null ? 'was let in' : `was refused by errno ${refusal.errno}, not by uq_flows_name`;
  return fail(
    `a second flow of a name, in capitals, ${what}${besidesTriggers(context)}`,
    behaviourRemedy(context),
  );
});

/** Every index with its columns in order, their direction, and whether it is unique and in use; a name can't be had twice. */
export const indexesCheck: Check = {
  id: 'indexes',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS name, SEQ_IN_INDEX AS position, COLUMN_NAME AS \`column\`, COLLATION AS direction, SUB_PART AS prefix, NON_UNIQUE AS nonUnique, INDEX_TYPE AS type FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC, INDEX_NAME, SEQ_IN_INDEX`,
    );
    const differences = differencesIn(context, ['index']);
    if (differences.length > 0) return differ(differences, remedyOf(context, 'indexes'), [evidence]);
    const count = [...context.declared.values()].reduce((sum, table) => sum + table.indexes.length, 0);
    const shown = await uniqueName.run(context);
    const known = `${count} indexes as declared`;
    const summary =
      shown.status === 'skip'
        ? `${known}; that a name is unique ${shown.summary}`
        : `${known}; ${shown.summary}`;
    return { ...shown, summary, evidence: [evidence, ...shown.evidence] };
  },
};
