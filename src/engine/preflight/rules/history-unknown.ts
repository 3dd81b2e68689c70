import { quoteName } from '../../server/queryable';
import { blocking, type Rule } from '../finding';

const textOf = (name: string): string =>
  name.includes('\\') ? `X'${Buffer.from(name).toString('hex')}'` : `'${name.replaceAll("'", "''")}'`;

/** The history names migrations that this code does not know: the database is ahead of the code. */
export const historyUnknown: Rule = ({ history, known, historyTable, words }) => {
  const unknown = history.filter((name) => !known.some((migration) => migration.name === name));
  if (unknown.length === 0) return [];
  return [
    blocking({
      code: 'HISTORY_UNKNOWN',
      table: historyTable.name,
      message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
      remedy: [
        `-- Use the newer version of ${words.package} that made them.`,
        '-- Only where no newer version ever ran on this database, the rows are a mistake, and can go:',
        `DELETE FROM ${quoteName(historyTable.name)} WHERE name IN (${unknown.map(textOf).join(', ')});`,
      ].join('\n'),
      details: { unknown },
    }),
  ];
};
