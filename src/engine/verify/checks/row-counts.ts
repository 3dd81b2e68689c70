import { quoteName } from '../../server/queryable';
import { ask, unlessRows, type Check } from '../context';
import { fail, pass } from '../report';

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
