import type { Rule } from '../rule';

/** An object that a pending migration makes is there already, in another shape. */
export const schemaHandMade: Rule = ({ plan }) =>
  plan.refusals
    .filter(({ error, step }) => error.code === 'SCHEMA_HAND_MADE' && step.foreignKey === undefined)
    .map(({ error, step }) => ({
      code: 'SCHEMA_HAND_MADE',
      effect: 'blocking',
      table: step.tables[0] ?? null,
      key: null,
      message: error.message,
      remedy: error.remedy,
      details: error.details,
    }));
