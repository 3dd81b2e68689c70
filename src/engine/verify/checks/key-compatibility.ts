import { isText } from '../../schema/column-type';
import { expectedText } from '../../schema/ddl';
import { keyState } from '../../steps/key-state';
import { named } from '../../schema/shape';
import { remedyOf, unlessTables, type Check } from '../context';
import { deferred, fail, pass } from '../report';

/**
 * Both ends of every key fit: engine, type, charset, collation, and an index on the parent's side. Without it a key
 * can't be added again, and joins fail with 1267.
 */
export const keyCompatibilityCheck: Check = {
  id: 'key-compatibility',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const { declared, live } = context;
    const faults: string[] = [];
    const late: string[] = [];
    for (const table of declared.values()) {
      for (const key of table.foreignKeys) {
        const child = live.get(table.name);
        const parent = live.get(key.parentTable);
        if (child === undefined || parent === undefined) {
          late.push(key.name);
          continue;
        }
        // As if the key were absent: what would stand in the way of adding it now?
        const bare = new Map(live).set(table.name, { ...child, foreignKeys: [] });
        const state = keyState(table.name, key, bare);
        if (state.status === 'refused') {
          faults.push(state.obstacle.message);
        }
        const column = named(child.columns, key.columns[0]);
        // Of our own tables too the live parent counts: columns says what both ends should be
        const wanted = column && expectedText(new Map(), { ...table, foreignKeys: [key] }, column, live);
        if (!column || !wanted || !isText(column.type)) continue;
        if (column.charset === wanted.charset && column.collation === wanted.collation) continue;
        faults.push(
          `${key.name}: ${table.name}.${column.name} is ${column.collation ?? ''}, its parent ${wanted.collation}`,
        );
      }
    }
    if (faults.length > 0) return fail(faults.join('; '), remedyOf(context, 'key-compatibility'));
    if (late.length === 0) return pass('both ends of every key have the same type and collation');
    return deferred(
      context.history.names,
      `both ends fit where the parent is there; deferred: ${late.join(', ')}`,
    );
  },
};
