import { createTableSql } from '../../schema/ddl';
import { declaredBy } from '../../steps/step';
import type { Rule } from '../finding';

/** The history says that a table was made, and it is not there. */
export const schemaHalfApplied: Rule = ({ history, known, live, hidden }) => {
  const applied = known.filter((migration) => history.includes(migration.name));
  const declared = declaredBy(applied.flatMap((migration) => [...migration.steps]));
  return [...declared.values()]
    .filter(({ name }) => !live.has(name) && !hidden.has(name))
    .map((table) => ({
      code: 'SCHEMA_HALF_APPLIED',
      effect: 'blocking',
      table: table.name,
      key: null,
      message: `the history records ${applied.length} migration${applied.length === 1 ? '' : 's'}, but table ${table.name} does not exist`,
      remedy: [
        '-- Restore the table from a backup. Where its rows are not needed, this makes it anew, empty; the next',
        '-- migrate adds its foreign keys.',
        `${createTableSql(table)};`,
      ].join('\n'),
      details: { applied: applied.map((migration) => migration.name) },
    }));
};
