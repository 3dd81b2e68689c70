import { findOrphans, orphansSql } from '../../schema/orphans';
import { deferred, fail, pass, unlessTables, type Check } from '../context';
import type { Evidence } from '../report';

/** No row names a parent that does not exist: foreign_key_checks=0 lets such rows in under a key that is there. */
export const orphansCheck: Check = {
  id: 'orphans',
  async run(context) {
    const skipped = unlessTables(context);
    if (skipped) return skipped;
    const { declared, live, session } = context;
    const evidence: Evidence[] = [];
    const faults: string[] = [];
    const late: string[] = [];
    for (const { name, foreignKeys } of declared.values()) {
      for (const key of foreignKeys) {
        const child = live.get(name);
        if (child === undefined || !live.has(key.parentTable)) {
          late.push(key.name);
          continue;
        }
        const orphans = await findOrphans(session, child, key, live);
        const sample = orphans.sample.map((value) => ({ value }));
        evidence.push({ sql: orphansSql(child, key, live), rows: sample });
        if (orphans.rows > 0) {
          faults.push(
            `${orphans.rows} rows of ${name} name ${orphans.values} ${key.parentTable} that do not exist`,
          );
        }
      }
    }
    if (faults.length > 0) {
      const remedy =
        'Restore the missing parents or mend the rows; the evidence has the SELECTs that show them.';
      return fail(faults.join('; '), remedy, evidence);
    }
    if (late.length > 0) return deferred(`none; not looked at, without parent: ${late.join(', ')}`, evidence);
    return pass(`none under ${evidence.length} keys`, evidence);
  },
};
