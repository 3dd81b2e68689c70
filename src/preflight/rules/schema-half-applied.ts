import { declaredBy } from '../../schema/step';
import type { Rule } from '../rule';

/** The history says that a table was made, and it is not there. */
export const schemaHalfApplied: Rule = ({ history, known, live }) => {
  const applied = known.filter((migration) => history.includes(migration.name));
  const declared = declaredBy(applied.flatMap((migration) => [...migration.steps]));
  return [...declared.keys()]
    .filter((table) => !live.has(table))
    .map((table) => ({
      code: 'SCHEMA_HALF_APPLIED',
      effect: 'blocking',
      table,
      key: null,
      message: `the history records ${applied.length} migrations, but table ${table} does not exist`,
      remedy:
        'Restore the table from a backup; or, where its rows are not needed, run protection-flows rollback --all and migrate again.',
      details: { applied: applied.map((migration) => migration.name) },
    }));
};
