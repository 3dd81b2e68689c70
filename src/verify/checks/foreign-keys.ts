import { compareForeignKeys } from '../../schema/compare';
import { named } from '../../schema/shape';
import { ask, deferred, pass, remedyOf, unlessTables, type Check } from '../context';
import { differ, tableList } from './declared-objects';

/** Every key with its columns, parent and both rules. A key whose parent table does not exist is deferred. */
export const foreignKeysCheck: Check = {
  id: 'foreign-keys',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const { declared, live, session } = context;
    const evidence = [
      await ask(
        session,
        `SELECT k.CONSTRAINT_NAME AS name, k.TABLE_NAME AS \`table\`, k.COLUMN_NAME AS \`column\`, CONCAT(k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME) AS parent, r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate FROM information_schema.KEY_COLUMN_USAGE k LEFT JOIN (SELECT DISTINCT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()) r ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME WHERE k.TABLE_SCHEMA = DATABASE() AND k.TABLE_NAME IN (${tableList(context)}) AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
      ),
    ];
    const differences = [...declared.values()].flatMap((table) => compareForeignKeys(table, live));
    if (differences.length > 0) return differ(differences, remedyOf(context, 'foreign-keys'), evidence);
    const keys = [...declared.values()].flatMap(({ name, foreignKeys }) =>
      foreignKeys.map((key) => ({ table: name, key })),
    );
    const late = keys.filter(({ table, key }) => !named(live.get(table)?.foreignKeys ?? [], key.name));
    if (late.length === 0) return pass(`all ${keys.length} keys as declared`, evidence);
    const names = late.map(({ key }) => `${key.name} (no table ${key.parentTable})`);
    const there = keys.length - late.length;
    return deferred(
      `${there} ${there === 1 ? 'key' : 'keys'} as declared; deferred: ${names.join(', ')}`,
      evidence,
    );
  },
};
