import { note, remedyText } from '../../steps/remedy';
import type { Facts } from '../facts';
import { blocking, type Finding, type Rule } from '../finding';
import { obstacleRule } from '../key-findings';

const wrongKeys = obstacleRule('SCHEMA_HAND_MADE');

/** What begins by itself with tables made by hand: adopt asks whether it may. */
const unanswered = ({ raised, words: { command } }: Facts): Finding[] =>
  raised.map(({ question: { id, answers, asks }, rows }) =>
    blocking({
      code: 'SCHEMA_HAND_MADE',
      table: null,
      message: `the tables were made by hand: ${asks(rows.length)}`,
      remedy: remedyText([
        note(`To list them: ${command} adopt --dry-run`),
        ...Object.entries(answers).map(([answer, does]) =>
          note(
            `To take the tables over, where ${answer} ${does}: ${command} adopt --repair --${id}=${answer}`,
          ),
        ),
      ]),
      details: { question: id, rows: rows.length },
    }),
  );

/**
 * An object that a migration makes is there already, in another shape: one finding a table, for adopt to end. And tables of
 * which only adopt asks what may begin by itself.
 */
export const schemaHandMade: Rule = (facts) => {
  const { command } = facts.words;
  const refusals = facts.plan.refusals.filter(
    ({ error, step }) => error.code === 'SCHEMA_HAND_MADE' && step.foreignKey === undefined,
  );
  const tables = new Set(refusals.map(({ step }) => step.tables[0] ?? ''));
  return [
    ...[...tables].map((table) => {
      const errors = refusals.filter(({ step }) => step.tables[0] === table).map(({ error }) => error);
      return {
        code: 'SCHEMA_HAND_MADE',
        effect: 'blocking',
        table,
        key: null,
        message: errors.map(({ message }) => message).join('; '),
        remedy: remedyText([
          note(`To list the differences: ${command} adopt`),
          note(`To end them, every row kept: ${command} adopt --repair`),
        ]),
        details: { differences: errors.flatMap(({ details }) => details.differences ?? []) },
      } as const;
    }),
    ...wrongKeys(facts),
    // Whose shape differs goes to adopt anyway
    ...(tables.size === 0 ? unanswered(facts) : []),
  ];
};
