import { ask, type Check } from '../context';
import { compareObjects, tableList } from './declared-objects';

/** Both tables are there, in InnoDB, with the declared default charset and collation. */
export const tablesCheck: Check = {
  id: 'tables',
  async run(context) {
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS name, ENGINE AS engine, TABLE_COLLATION AS collation FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC`,
    );
    return compareObjects(context, ['table'], 'both there, InnoDB, utf8mb4_unicode_ci', [evidence]);
  },
};
