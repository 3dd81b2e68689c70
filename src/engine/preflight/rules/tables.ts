import { createTableSql } from '../../schema/ddl';
import { copyRefused } from '../../steps/alter-table';
import { note, remedyText } from '../../steps/remedy';
import { stepsOf, declaredBy } from '../../steps/step';
import type { Facts } from '../facts';
import type { Found, Rule } from '../finding';
import { keyObstacles } from './key-obstacles';

/** The history records a table's migration, but the table does not exist. */
export const schemaHalfApplied: Rule = ({ applied, live, hidden }) =>
  [...declaredBy(stepsOf(applied)).values()]
    .filter(({ name }) => !live.has(name) && !hidden.has(name))
    .map((table) => ({
      table: table.name,
      message: `the history records ${applied.length} migration${applied.length === 1 ? '' : 's'}, but table ${table.name} does not exist`,
      remedy: [
        '-- Restore the table from a backup. Where its rows are not needed, this makes it anew, empty; the next',
        '-- migrate adds its foreign keys.',
        `${createTableSql(table)};`,
      ].join('\n'),
      details: { applied: applied.map((migration) => migration.name) },
    }));

/** Rows of hand-made tables that would start something by themselves: adopt asks whether they may. */
const unanswered = ({ raised, words: { command } }: Facts): Found[] =>
  raised.map(({ question: { id, answers, asks }, rows }) => ({
    message: `the tables were made by hand: ${asks(rows.length)}`,
    remedy: remedyText([
      note(`To list them: ${command} adopt --dry-run`),
      ...Object.entries(answers).map(([answer, does]) =>
        note(`To take the tables over, where ${answer} ${does}: ${command} adopt --repair --${id}=${answer}`),
      ),
    ]),
    details: { question: id, rows: rows.length },
  }));

/** An object that a migration makes exists already in another shape: one finding for each table. Also open questions of adopt. */
export const schemaHandMade: Rule = (facts, code) => {
  const { command } = facts.words;
  const refusals = facts.plan.refusals.filter(
    ({ error, step }) => error.code === code && step.foreignKey === undefined,
  );
  const tables = [...new Set(refusals.map(({ step }) => step.tables[0] ?? ''))];
  const differing = tables.map((table) => {
    const errors = refusals.filter(({ step }) => step.tables[0] === table).map(({ error }) => error);
    return {
      table,
      message: errors.map(({ message }) => message).join('; '),
      remedy: remedyText([
        note(`To list the differences: ${command} adopt`),
        note(`To end them, every row kept: ${command} adopt --repair`),
      ]),
      details: { differences: errors.flatMap(({ details }) => details.differences ?? []) },
    };
  });
  // A table of another shape needs adopt anyway, which asks the questions
  return [...differing, ...keyObstacles(facts, code), ...(tables.length === 0 ? unanswered(facts) : [])];
};

/** A change for which this server has to copy a large table while its writers wait. */
export const tableCopyRefused: Rule = ({ plan, sizes, words, wishes }) =>
  plan.statements
    .filter(({ copies }) => copies)
    .flatMap(({ migration, step }): Found[] => {
      const [table = ''] = step.tables;
      const size = sizes.get(table);
      if (size === undefined || size.rows <= wishes.copyLimitRows) return [];
      const refusal = copyRefused(table, size, wishes.copyLimitRows, step.title, words);
      const { message, remedy, details } = refusal;
      const effect = migration === null ? 'key-refused' : 'blocking';
      const key = step.foreignKey?.key.name ?? null;
      return [{ effect, table, key, message, remedy: `-- ${remedy}`, details }];
    });
