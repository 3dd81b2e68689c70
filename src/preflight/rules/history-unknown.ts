import type { Rule } from '../rule';

/** The history names migrations that this code does not know: the database is ahead of the code. */
export const historyUnknown: Rule = ({ history, known }) => {
  const unknown = history.filter((name) => !known.some((migration) => migration.name === name));
  if (unknown.length === 0) return [];
  return [
    {
      code: 'HISTORY_UNKNOWN',
      effect: 'blocking',
      table: null,
      key: null,
      message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
      remedy: 'Use the newer version of @sendense/protection-flows that made them.',
      details: { unknown },
    },
  ];
};
