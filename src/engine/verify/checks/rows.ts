import { quoteName } from '../../server/queryable';
import { ask, unlessRows, type Check, remedyOf } from '../context';
import { fail, pass, deferred, skip, type Evidence, noted } from '../report';
import { describeOrphans } from '../../orphans/find-orphans';
import { readServerSettings } from '../../server/server-settings';

/** The rows can be counted, and the primary key and a secondary index agree on how many there are. */
export const rowCountsCheck: Check = {
  id: 'row-counts',
  async run(context) {
    const skipped = unlessRows(context);
    if (skipped) return skipped;
    const { declared, live, session } = context;
    const counts: string[] = [];
    const faults: string[] = [];
    const secondaries = [...declared.keys()].map(
      (name) => live.get(name)?.indexes.find((index) => index.visible)?.name ?? 'PRIMARY',
    );
    const count = (table: string, index: string): string =>
      `(SELECT COUNT(*) FROM ${quoteName(table)} FORCE INDEX (${quoteName(index)}))`;
    // One statement sees one snapshot: two would differ under a writer.
    const selects = [...declared.keys()].map((name, at) => {
      const byIndex = count(name, secondaries[at] ?? 'PRIMARY');
      return `SELECT '${name}' AS \`table\`, ${count(name, 'PRIMARY')} AS byPrimaryKey, ${byIndex} AS byIndex`;
    });
    const answer = await ask(session, selects.join(' UNION ALL '));
    for (const [at, name] of [...declared.keys()].entries()) {
      const { byPrimaryKey, byIndex } = answer.rows.find(({ table }) => table === name) ?? {};
      counts.push(`${name} ${Number(byPrimaryKey)}`);
      if (Number(byPrimaryKey) !== Number(byIndex)) {
        faults.push(
          `${name} has ${Number(byPrimaryKey)} rows by its primary key, ${Number(byIndex)} by ${secondaries[at]}`,
        );
      }
    }
    const evidence = [answer];
    if (faults.length > 0) {
      const remedy = [...declared.keys()]
        .map((name) => `ALTER TABLE ${quoteName(name)} ENGINE=InnoDB;`)
        .join('\n');
      return fail(
        `${faults.join('; ')}: an index is damaged`,
        `-- Builds every index anew.\n${remedy}`,
        evidence,
      );
    }
    return pass(counts.join(', '), evidence);
  },
};

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

/** The server is set to keep what it acknowledges and, in a Galera cluster, to show it at once. */
export const serverSettingsCheck: Check = {
  id: 'server-settings',
  async run({ session, server }) {
    const { safe, unsafe } = await readServerSettings(session, server);
    if (unsafe.length === 0) return pass(safe.join(', '));
    return noted(
      unsafe.map(({ message }) => message).join('; '),
      unsafe.map(({ remedy }) => remedy).join('\n'),
    );
  },
};
