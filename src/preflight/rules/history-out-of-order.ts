import type { Rule } from '../rule';

/** A pending migration is older than an applied one: it was written for another state of the schema. */
export const historyOutOfOrder: Rule = ({ history, known, pending }) => {
  const lastApplied = known.findLastIndex((migration) => history.includes(migration.name));
  const skipped = pending.filter((migration) => known.indexOf(migration) < lastApplied);
  if (skipped.length === 0) return [];
  const names = skipped.map((migration) => migration.name);
  return [
    {
      code: 'HISTORY_OUT_OF_ORDER',
      effect: 'blocking',
      table: null,
      key: null,
      message: `the history lacks ${names.join(', ')}, but has newer migrations`,
      remedy:
        'A history row was deleted, or migrations ran out of order: restore the row, or protection-flows verify tells what is really there.',
      details: { skipped: names },
    },
  ];
};
