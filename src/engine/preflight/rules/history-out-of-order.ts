import { quoteName, quoteText } from '../../server/queryable';
import type { Facts, KnownMigration } from '../facts';
import { blocking, type Rule } from '../finding';

/** The row of a lost record, under its old number where that can be told: the numbers give the order. */
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

/** A pending migration is older than an applied one: it was written for another state of the schema. */
export const historyOutOfOrder: Rule = (facts) => {
  const { history, known, pending, historyTable, words } = facts;
  const lastApplied = known.findLastIndex((migration) => history.includes(migration.name));
  const skipped = pending.filter((migration) => known.indexOf(migration) < lastApplied);
  if (skipped.length === 0) return [];
  const names = skipped.map((migration) => migration.name);
  return [
    blocking({
      code: 'HISTORY_OUT_OF_ORDER',
      table: historyTable.name,
      message: `the history lacks ${names.join(', ')}, but has newer migrations: a row was deleted, or migrations ran out of order`,
      remedy: [
        `-- Puts the record back; then let ${words.command} verify prove that the objects are there.`,
        ...skipped.map((migration) => insertSql(facts, migration)),
      ].join('\n'),
      details: { skipped: names },
    }),
  ];
};
