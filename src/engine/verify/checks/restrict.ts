import { sqlOf } from '../../schema/ddl';
import { quoteName } from '../../server/queryable';
import { guardSql } from '../../steps/guard-index';
import { isGuarded } from '../../steps/key-state';
import { note, remedyText, statement } from '../../steps/remedy';
import { named, type ForeignKey, type Table } from '../../schema/shape';
import type { VerifyContext } from '../context';
import {
  behaviourCheck,
  behaviourRemedy,
  keysWithRule,
  notAsWanted,
  notProven,
  passBut,
} from '../behaviour-check';
import type { Probe } from '../../probe/probe';
import { aOrAn, inWords } from '../../subject/probes';
import type { CheckOutcome, Remedy } from '../report';

/** ER_ROW_IS_REFERENCED_2. */
const stillReferenced = 1451;

/** Why a key that is there lets a row through, where the catalog tells. */
function letInRemedy(context: VerifyContext, table: Table, key: ForeignKey): Remedy {
  if (isGuarded(table, key)) return behaviourRemedy(context);
  const column = key.columns[0];
  const guard = context.declared
    .get(table.name)
    ?.indexes.find((index) => index.columns[0]?.name === column && named(table.indexes, index.name));
  return remedyText([
    note('MySQL checks the key by its first index, of which a further column may be NULL. migrate mends it:'),
    ...(guard ? sqlOf(guardSql(table, column, guard)).map(statement) : []),
  ]);
}

/** Tries a row without parent under each key that is there as declared: the failure, or how many rows were refused. */
async function tryOrphans(probe: Probe, context: VerifyContext): Promise<CheckOutcome | number> {
  let refused = 0;
  for (const { name, foreignKeys } of context.declared.values()) {
    const table = context.live.get(name);
    for (const key of foreignKeys) {
      if (!table || !context.live.has(key.parentTable) || !named(table.foreignKeys, key.name)) continue;
      // A row that something else refuses, such as a column that is too short, is for another check to tell of
      if ((await probe.refusalOfOrphan(table, key)) !== null) {
        refused += 1;
        continue;
      }
      const what = `${key.name}: a row of ${name} that names no row of ${key.parentTable} was let in`;
      return notAsWanted(context, what, letInRemedy(context, table, key));
    }
  }
  return refused;
}

/** A row that another row names by a key ON DELETE RESTRICT can't be deleted, and no key lets a row in without parent. */
export const restrictCheck = behaviourCheck('restrict', async (probe, context) => {
  const { present, late } = keysWithRule(context, 'RESTRICT');
  const kept = new Set<string>();
  const parents = await probe.insertParents(present.map(({ key }) => key));
  const named = present.map(({ key }, at) => ({ [key.columns[0]]: parents[at] ?? 'NULL' }));
  await probe.insertAll(present.map(({ table }, at) => ({ table, given: named[at] })));
  for (const [at, { table, key }] of present.entries()) {
    const isNamed = `${quoteName(key.parentColumns[0])} = ${parents[at] ?? 'NULL'}`;
    const refusal = await probe.refusal(`DELETE FROM ${quoteName(key.parentTable)} WHERE ${isNamed}`);
    const what = `${key.name}: a row of ${key.parentTable} that ${aOrAn(inWords(context.probes, table).one)} uses was`;
    if (refusal === null) return notAsWanted(context, `${what} deleted`);
    // A trigger of the parent, or a key of others, refused it first: what our key would have done does not show
    if (refusal.errno !== stillReferenced || !context.declared.has(refusal.keyOf ?? table))
      return notProven(
        `${what} kept by ${refusal.keyOf ?? `errno ${refusal.errno}`}, before the key could keep it`,
      );
    kept.add(`a used ${inWords(context.probes, key.parentTable).one} was kept (errno ${stillReferenced})`);
  }
  const refused = await tryOrphans(probe, context);
  if (typeof refused !== 'number') return refused;
  return passBut(
    context,
    [...kept, ...(refused === 0 ? [] : ['rows without parent were refused'])],
    late,
    'RESTRICT',
  );
});
