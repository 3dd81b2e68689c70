import { ask, unlessTables, type Check } from '../context';
import { compareObjects, tableList } from './declared-objects';

/** Every column with type, nullability, default, ON UPDATE, charset and collation; and the primary keys. */
export const columnsCheck: Check = {
  id: 'columns',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const evidence = await ask(
      context.session,
      `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable, COLUMN_DEFAULT AS \`default\`, EXTRA AS extra, COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${tableList(context)}) ORDER BY TABLE_NAME DESC, ORDINAL_POSITION`,
    );
    const counts = [...context.declared.values()].map((table) => table.columns.length);
    const summary = `${counts.join(' and ')} columns as declared`;
    return compareObjects(context, ['column', 'primary-key'], 'columns', summary, [evidence]);
  },
};
