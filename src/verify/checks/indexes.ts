import { ask, unlessTables, type Check } from '../context';
import { compareObjects, tableList } from './declared-objects';

/** Every index with its columns in order, their direction, and whether it is unique and in use. */
export const indexesCheck: Check = {
  id: 'indexes',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS name, SEQ_IN_INDEX AS position, COLUMN_NAME AS \`column\`, COLLATION AS direction, NON_UNIQUE AS nonUnique FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC, INDEX_NAME, SEQ_IN_INDEX`,
    );
    const count = [...context.declared.values()].reduce((sum, table) => sum + table.indexes.length, 0);
    return compareObjects(context, ['index'], `${count} indexes as declared`, [evidence]);
  },
};
