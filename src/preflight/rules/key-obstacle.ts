import type { Rule } from '../rule';

/**
 * What makes a key impossible whatever the rows: an engine other than InnoDB, a parent column of another type or
 * without an index, a key of that name that is another one.
 */
export const keyObstacle: Rule = ({ keys }) =>
  keys.flatMap(({ key, state, late }) => {
    if (state.status !== 'refused' || state.obstacle.code === 'SCHEMA_HALF_APPLIED') return [];
    const { code, table, message, remedy } = state.obstacle;
    return [
      { code, effect: late ? 'key-refused' : 'blocking', table, key: key.name, message, remedy, details: {} },
    ];
  });
