import { quoteName, quoteText } from '../../server/queryable';
import type { Facts, KnownMigration } from '../facts';
import type { Rule } from '../finding';

const textOf = (name: string): string =>
  name.includes('\\') ? `X'${Buffer.from(name).toString('hex')}'` : quoteText(name);

/** The history records migrations that this code does not know: the database is ahead of the code. */
export const historyUnknown: Rule = ({ known, historyTable, words }) => {
  const unknown = historyTable.names.filter((name) => !known.some((migration) => migration.name === name));
  if (unknown.length === 0) return [];
  return [
    {
      table: historyTable.name,
      message: `the history names migrations that this version does not know: ${unknown.join(', ')}`,
      remedy: [
        `-- Use the newer version of ${words.package} that made them.`,
        '-- Only where no newer version ever ran on this database, the rows are a mistake, and can go:',
        `DELETE FROM ${quoteName(historyTable.name)} WHERE name IN (${unknown.map(textOf).join(', ')});`,
      ].join('\n'),
      details: { unknown },
    },
  ];
};

/** The INSERT of a missing record, with its old id where that can be computed: the ids give the order. */
function insertSql({ known, historyTable }: Facts, lost: KnownMigration): string {
  const { ids, name: table } = historyTable;
  const at = known.indexOf(lost);
  const earlier = known.slice(0, at).map(({ name }) => ids.get(name));
  const later = known.slice(at + 1).map(({ name }) => ids.get(name));
  const found = earlier.findLastIndex((id) => id !== undefined);
  const id = (found === -1 ? 0 : (earlier[found] ?? 0)) + at - found;
  const next = later.find((one) => one !== undefined) ?? Infinity;
  const timestamp = /\d{13}$/.exec(lost.name)?.[0] ?? '0';
  const [columns, values] =
    id < next ? ['id, timestamp, name', `${id}, ${timestamp}`] : ['timestamp, name', timestamp];
  return `INSERT INTO ${quoteName(table)} (${columns}) VALUES (${values}, ${quoteText(lost.name)});`;
}

/** A pending migration is older than an applied one, so it was written for another state of the schema. */
export const historyOutOfOrder: Rule = (facts) => {
  const { known, pending, applied, historyTable, words } = facts;
  const lastApplied = known.findLastIndex((migration) => applied.includes(migration));
  const skipped = pending.filter((migration) => known.indexOf(migration) < lastApplied);
  if (skipped.length === 0) return [];
  const names = skipped.map((migration) => migration.name);
  return [
    {
      table: historyTable.name,
      message: `the history lacks ${names.join(', ')}, but has newer migrations: a row was deleted, or migrations ran out of order`,
      remedy: [
        `-- Puts the record back; then let ${words.command} verify prove that the objects are there.`,
        ...skipped.map((migration) => insertSql(facts, migration)),
      ].join('\n'),
      details: { skipped: names },
    },
  ];
};
