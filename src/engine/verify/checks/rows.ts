import { describeOrphans } from '../../orphans/find-orphans';
import { keysIn } from '../../schema/shape';
import { catalogRows, quoteName } from '../../server/queryable';
import { readServerSettings } from '../../server/server-settings';
import { checkOf, remedyOf, type Check } from '../context';
import { deferred, fail, noted, pass, skip, type Evidence } from '../report';

/** The rows can be counted, and the primary key and a secondary index agree on how many there are. */
export const rowCountsCheck = checkOf('rows', 'row-counts', async ({ declared, live, session }) => {
  const tables = [...declared.keys()].map((name) => {
    const index = live.get(name)?.indexes.find(({ visible }) => visible)?.name ?? 'PRIMARY';
    return { name, index };
  });
  const count = (table: string, index: string): string =>
    `(SELECT COUNT(*) FROM ${quoteName(table)} FORCE INDEX (${quoteName(index)}))`;
  // One statement reads one snapshot; two could differ while others write
  const selects = tables.map(
    ({ name, index }) =>
      `SELECT '${name}' AS \`table\`, ${count(name, 'PRIMARY')} AS byPrimaryKey, ${count(name, index)} AS byIndex`,
  );
  const sql = selects.join(' UNION ALL ');
  const evidence: Evidence[] = [{ sql, rows: await catalogRows(session, sql) }];
  const counted = tables.map(({ name, index }) => {
    const { byPrimaryKey, byIndex } = evidence[0]?.rows.find(({ table }) => table === name) ?? {};
    return { name, index, byPrimaryKey: Number(byPrimaryKey), byIndex: Number(byIndex) };
  });
  const faults = counted
    .filter(({ byPrimaryKey, byIndex }) => byPrimaryKey !== byIndex)
    .map(
      (one) => `${one.name} has ${one.byPrimaryKey} rows by its primary key, ${one.byIndex} by ${one.index}`,
    );
  if (faults.length === 0)
    return pass(counted.map(({ name, byPrimaryKey }) => `${name} ${byPrimaryKey}`).join(', '), evidence);
  const remedy = tables.map(({ name }) => `ALTER TABLE ${quoteName(name)} ENGINE=InnoDB;`).join('\n');
  return fail(
    `${faults.join('; ')}: an index is damaged`,
    `-- Builds every index anew.\n${remedy}`,
    evidence,
  );
});

/** No row references a missing parent: foreign_key_checks=0 lets such rows in despite the key. */
export const orphansCheck = checkOf('rows', 'orphans', async (context) => {
  const { declared, orphans, history } = context;
  const late = keysIn(declared).filter(({ key }) => !orphans.some((one) => one.key === key));
  const evidence: Evidence[] = [];
  const [faults, unread]: [string[], string[]] = [[], []];
  for (const { table, key, sql, found } of orphans) {
    if ('fault' in found) {
      unread.push(`${key.name}: ${found.fault}`);
      continue;
    }
    evidence.push({ sql, rows: found.sample.map((value) => ({ value })) });
    if (found.rows > 0) faults.push(`${key.name}: ${describeOrphans(table, key, found)}`);
  }
  if (faults.length > 0) return fail(faults.join('; '), remedyOf(context, 'orphans'), evidence);
  if (unread.length > 0) return skip(`could not be counted: ${unread.join('; ')}`, evidence);
  if (late.length === 0) return pass(`none under ${evidence.length} keys`, evidence);
  const names = late.map(({ key }) => key.name).join(', ');
  return deferred(history.names, `none; not looked at, without parent: ${names}`, evidence);
});

/** The server's settings keep acknowledged writes and, in a Galera cluster, show them at once. */
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
