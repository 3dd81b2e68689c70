import { quoteName } from '../../schema/queryable';
import { note, remedyText, statement } from '../../schema/remedy';
import { ask, fail, type Check } from '../context';
import { compareObjects, tableList } from './declared-objects';

/** Both tables are there, ordinary ones in InnoDB, with the declared default charset and collation. */
export const tablesCheck: Check = {
  id: 'tables',
  async run(context) {
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, TABLE_COLLATION AS collation, CREATE_OPTIONS AS options FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC`,
    );
    if (context.hidden.length > 0) {
      const drops = context.hidden.map((name) => statement(`DROP TEMPORARY TABLE ${quoteName(name)}`));
      return fail(
        `in this session a temporary table hides ${context.hidden.join(' and ')}`,
        remedyText([note('In the session that made it; ending that session does it too.'), ...drops]),
        [evidence],
      );
    }
    return compareObjects(context, ['table'], 'tables', 'both there, InnoDB, utf8mb4_unicode_ci', [evidence]);
  },
};
