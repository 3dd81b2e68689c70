import type { Rule } from '../rule';

/** A key whose parent table does not exist yet: left for a later migrate. */
export const fkParentMissing: Rule = ({ keys }) =>
  keys
    .filter(({ state }) => state.status === 'deferred')
    .map(({ table, key }) => ({
      code: 'FK_PARENT_MISSING',
      effect: 'deferred',
      table,
      key: key.name,
      message: `${key.name} is deferred: its parent table ${key.parentTable} does not exist`,
      remedy: `Migrate again once ${key.parentTable} is there.`,
      details: { parent: key.parentTable },
    }));
