import { remedyOf, unlessRows, type Check } from '../context';
import { deferred, fail, pass, skip, type Evidence } from '../report';
import { describeOrphans } from '../../orphans/find-orphans';

/** No row names a parent that does not exist: foreign_key_checks=0 lets such rows in under a key that is there. */
export const orphansCheck: Check = {
  id: 'orphans',
  async run(context) {
    const skipped = unlessRows(context);
    if (skipped) return skipped;
    const { declared, orphans } = context;
    const keys = [...declared.values()].flatMap(({ foreignKeys }) => [...foreignKeys]);
    const late = keys.filter(({ name }) => !orphans.some(({ key }) => key === name));
    const evidence: Evidence[] = [];
    const [faults, unread]: [string[], string[]] = [[], []];
    for (const { table, key, sql, found } of orphans) {
      if ('fault' in found) {
        unread.push(`${key}: ${found.fault}`);
        continue;
      }
      evidence.push({ sql, rows: found.sample.map((value) => ({ value })) });
      const { parentTable = '' } = keys.find(({ name }) => name === key) ?? {};
      if (found.rows > 0) faults.push(`${key}: ${describeOrphans(table, { parentTable }, found)}`);
    }
    if (faults.length > 0) return fail(faults.join('; '), remedyOf(context, 'orphans'), evidence);
    if (unread.length > 0) return skip(`could not be counted: ${unread.join('; ')}`, evidence);
    if (late.length === 0) return pass(`none under ${evidence.length} keys`, evidence);
    const names = late.map(({ name }) => name).join(', ');
    return deferred(context.history.names, `none; not looked at, without parent: ${names}`, evidence);
  },
};
