import { wouldSee } from '../access/grants';
import type { Rule } from '../finding';
import { serverAnswer } from '../key-findings';
import { grantSql } from './privilege-missing';

/** A key whose parent table does not exist yet, or is not shown to this user: left for a later migrate. */
export const fkParentMissing: Rule = ({ keys, access, server, words }) =>
  keys
    .filter(({ state }) => state.status === 'deferred')
    .map(({ table, key }) => {
      const parent = key.parentTable;
      const mayBeHidden = access !== null && access.holds !== null && !wouldSee(access.holds, parent);
      const later = `-- Once ${parent} is there: ${words.command} migrate`;
      const grant = mayBeHidden ? `${grantSql(access, ['SELECT', 'REFERENCES'], parent)};` : '';
      return {
        code: 'FK_PARENT_MISSING',
        effect: 'deferred',
        table,
        key: key.name,
        message: mayBeHidden
          ? `${key.name} is deferred: its parent table ${parent} does not exist, or ${access.user} may not see it`
          : `${key.name} is deferred: its parent table ${parent} does not exist${serverAnswer('FK_PARENT_MISSING', server.flavour)}`,
        remedy: mayBeHidden ? `${later}; if it is there already:\n${grant}` : later,
        details: { parent, mayBeHidden },
      };
    });
