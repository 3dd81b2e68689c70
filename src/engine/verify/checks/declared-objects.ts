import type { RemedySection } from '../../repairs/remedies';
import { isText } from '../../schema/column-type';
import {
  compareForeignKeys,
  compareTable,
  describeDifference,
  type Difference,
  type DifferentObject,
} from '../../schema/compare';
import { expectedText } from '../../schema/ddl';
import { keysIn, named } from '../../schema/shape';
import { quoteName } from '../../server/queryable';
import { keyState } from '../../steps/key-state';
import { note, remedyText, statement } from '../../steps/remedy';
import { catalogReadingsOf, checkOf, remedyOf, type Check, type VerifyContext } from '../context';
import { deferred, fail, pass, type CheckOutcome, type Evidence, type Remedy } from '../report';

/** Every column with type, nullability, default, ON UPDATE, charset and collation; and the primary keys. */
export const columnsCheck = checkOf('tables', 'columns', async (context) => {
  const counts = [...context.declared.values()].map((table) => table.columns.length);
  const summary = `${counts.join(' and ')} columns as declared`;
  const evidence = catalogReadingsOf(context, 'COLUMNS');
  return compareObjects(context, ['column', 'primary-key'], 'columns', summary, evidence);
});

/** All tables exist, are ordinary ones in InnoDB, and have the declared default charset and collation. */
export const tablesCheck: Check = {
  id: 'tables',
  async run(context) {
    const evidence = catalogReadingsOf(context, 'TABLES');
    if (context.hidden.length > 0) {
      const drops = context.hidden.map((name) => statement(`DROP TEMPORARY TABLE ${quoteName(name)}`));
      return fail(
        `in this session a temporary table hides ${context.hidden.join(' and ')}`,
        remedyText([note('In the session that made it; ending that session does it too.'), ...drops]),
        evidence,
      );
    }
    const all = [...context.declared.values()];
    const kinds = new Set(all.flatMap(({ engine, collation }) => [engine, collation]));
    const summary = `${all.length === 2 ? 'both' : `all ${all.length}`} there, ${[...kinds].join(', ')}`;
    return compareObjects(context, ['table'], 'tables', summary, evidence);
  },
};

/** Every key with its columns, parent and both rules. A key whose parent table does not exist is deferred. */
export const foreignKeysCheck = checkOf('tables', 'foreign-keys', async (context) => {
  const { declared, live, history } = context;
  const evidence = catalogReadingsOf(context, 'KEY_COLUMN_USAGE');
  const differences = [...declared.values()].flatMap((table) => compareForeignKeys(table, live));
  if (differences.length > 0) return differ(differences, remedyOf(context, 'foreign-keys'), evidence);
  const keys = keysIn(declared);
  const late = keys.filter(({ table, key }) => !named(live.get(table.name)?.foreignKeys ?? [], key.name));
  if (late.length === 0) return pass(`all ${keys.length} keys as declared`, evidence);
  const names = late.map(({ key }) => `${key.name} (no table ${key.parentTable})`);
  const there = keys.length - late.length;
  const summary = `${there} ${there === 1 ? 'key' : 'keys'} as declared; deferred: ${names.join(', ')}`;
  return deferred(history.names, summary, evidence);
});

/** The differences of some kinds of declared objects. */
export function differencesIn(
  { declared, live }: VerifyContext,
  kinds: readonly DifferentObject[],
): Difference[] {
  return [...declared.values()]
    .flatMap((table) => compareTable(declared, table, live))
    .filter((difference) => kinds.includes(difference.object));
}

/** Compares the declared objects of some kinds with the live ones; the remedy is the SQL that mends them. */
function compareObjects(
  context: VerifyContext,
  kinds: readonly DifferentObject[],
  section: RemedySection,
  passed: string,
  evidence: readonly Evidence[],
): CheckOutcome {
  const differences = differencesIn(context, kinds);
  if (differences.length === 0) return pass(passed, evidence);
  return differ(differences, remedyOf(context, section), evidence);
}

/** The failure of a check that found those differences. */
export const differ = (
  differences: readonly Difference[],
  remedy: Remedy,
  evidence: readonly Evidence[],
): CheckOutcome => ({
  ...fail(differences.map(describeDifference).join('; '), remedy, evidence),
  differences,
});

/**
 * Both ends of every key fit: engine, type, charset, collation, and an index on the parent's side. Otherwise the key
 * can't be added again, and joins fail with 1267.
 */
export const keyCompatibilityCheck = checkOf('tables', 'key-compatibility', async (context) => {
  const { declared, live, history } = context;
  const faults: string[] = [];
  const late: string[] = [];
  for (const { table, key } of keysIn(declared)) {
    const child = live.get(table.name);
    if (child === undefined || !live.has(key.parentTable)) {
      late.push(key.name);
      continue;
    }
    // As if the key were missing: what would prevent adding it now?
    const bare = new Map(live).set(table.name, { ...child, foreignKeys: [] });
    const state = keyState(table.name, key, bare);
    if (state.status === 'refused') faults.push(state.obstacles[0].message);
    const column = named(child.columns, key.columns[0]);
    // Compares with the live parent even where it is our own: the check columns says what both should be
    const wanted = column && expectedText(new Map(), { ...table, foreignKeys: [key] }, column, live);
    if (!column || !wanted || !isText(column.type)) continue;
    if (column.charset === wanted.charset && column.collation === wanted.collation) continue;
    faults.push(
      `${key.name}: ${table.name}.${column.name} is ${column.collation ?? ''}, its parent ${wanted.collation}`,
    );
  }
  if (faults.length > 0) return fail(faults.join('; '), remedyOf(context, 'key-compatibility'));
  if (late.length === 0) return pass('both ends of every key have the same type and collation');
  return deferred(history.names, `both ends fit where the parent is there; deferred: ${late.join(', ')}`);
});
