import { ask, unlessTables, type Check, remedyOf, type VerifyContext } from '../context';
import { fail, deferred, pass, type CheckOutcome, type Evidence } from '../report';
import { quoteName } from '../../server/queryable';
import { note, remedyText, statement } from '../../steps/remedy';
import {
  compareForeignKeys,
  compareTable,
  describeDifference,
  type Difference,
  type DifferentObject,
} from '../../schema/compare';
import { named } from '../../schema/shape';
import type { RemedySection } from '../../adopt/remedies';

/** Every column with type, nullability, default, ON UPDATE, charset and collation; and the primary keys. */
export const columnsCheck: Check = {
  id: 'columns',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS \`default\`, EXTRA AS extra, COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC, ORDINAL_POSITION`,
    );
    const counts = [...context.declared.values()].map((table) => table.columns.length);
    const summary = `${counts.join(' and ')} columns as declared`;
    return compareObjects(context, ['column', 'primary-key'], 'columns', summary, [evidence]);
  },
};

/** All tables are there, ordinary ones in InnoDB, with the declared default charset and collation. */
export const tablesCheck: Check = {
  id: 'tables',
  async run(context) {
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, TABLE_COLLATION AS collation, CREATE_OPTIONS AS options FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC`,
    );
    if (context.hidden.length > 0) {
      const drops = context.hidden.map((name) => statement(`DROP TEMPORARY TABLE ${quoteName(name)}`));
      return fail(
        `in this session a temporary table hides ${context.hidden.join(' and ')}`,
        remedyText([note('In the session that made it; ending that session does it too.'), ...drops]),
        [evidence],
      );
    }
    const all = [...context.declared.values()];
    const kinds = new Set(all.flatMap(({ engine, collation }) => [engine, collation]));
    const summary = `${all.length === 2 ? 'both' : `all ${all.length}`} there, ${[...kinds].join(', ')}`;
    return compareObjects(context, ['table'], 'tables', summary, [evidence]);
  },
};

/** Every key with its columns, parent and both rules. A key whose parent table does not exist is deferred. */
export const foreignKeysCheck: Check = {
  id: 'foreign-keys',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const { declared, live, session } = context;
    const evidence = [
      await ask(
        session,
        `SELECT k.CONSTRAINT_NAME AS name, k.TABLE_NAME AS \`table\`, k.COLUMN_NAME AS \`column\`, CONCAT(k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME) AS parent, r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate FROM information_schema.KEY_COLUMN_USAGE k LEFT JOIN (SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()) r ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME WHERE k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME IN (${tableList(context)}) AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
      ),
    ];
    const differences = [...declared.values()].flatMap((table) => compareForeignKeys(table, live));
    if (differences.length > 0) return differ(differences, remedyOf(context, 'foreign-keys'), evidence);
    const keys = [...declared.values()].flatMap(({ name, foreignKeys }) =>
      foreignKeys.map((key) => ({ table: name, key })),
    );
    const late = keys.filter(({ table, key }) => !named(live.get(table)?.foreignKeys ?? [], key.name));
    if (late.length === 0) return pass(`all ${keys.length} keys as declared`, evidence);
    const names = late.map(({ key }) => `${key.name} (no table ${key.parentTable})`);
    const there = keys.length - late.length;
    return deferred(
      context.history.names,
      `${there} ${there === 1 ? 'key' : 'keys'} as declared; deferred: ${names.join(', ')}`,
      evidence,
    );
  },
};

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
export function compareObjects(
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
  remedy: string,
  evidence: readonly Evidence[],
): CheckOutcome => ({
  ...fail(differences.map(describeDifference).join('; '), remedy, evidence),
  differences,
});

/** The declared tables for an IN: `'one', 'another'`. */
export const tableList = ({ declared }: VerifyContext): string =>
  [...declared.keys()].map((name) => `'${name}'`).join(', ');
