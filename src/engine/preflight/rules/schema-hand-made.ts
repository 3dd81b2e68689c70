import { note, remedyText } from '../../steps/remedy';
import type { Rule } from '../finding';
import { obstacleRule } from '../key-findings';

const wrongKeys = obstacleRule('SCHEMA_HAND_MADE');

/** An object that a migration makes is there already, in another shape: one finding a table, for adopt to end. */
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
  ];
};
