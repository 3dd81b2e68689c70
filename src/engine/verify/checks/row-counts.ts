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
    const evidence = [];
    const counts: string[] = [];
    const faults: string[] = [];
    for (const table of declared.values()) {
      const secondary = live.get(table.name)?.indexes.find((index) => index.visible)?.name ?? 'PRIMARY';
      // One statement sees one snapshot: two would differ under a writer.
      const name = quoteName(table.name);
      const answer = await ask(
        session,
        `SELECT (SELECT COUNT(*) FROM ${name} FORCE INDEX (PRIMARY)) AS byPrimaryKey, (SELECT COUNT(*) FROM ${name} FORCE INDEX (${quoteName(secondary)})) AS byIndex`,
      );
      evidence.push(answer);
      const [byPrimaryKey, byIndex] = [Number(answer.rows[0]?.byPrimaryKey), Number(answer.rows[0]?.byIndex)];
      counts.push(`${table.name} ${byPrimaryKey}`);
      if (byPrimaryKey !== byIndex) {
        faults.push(`${table.name} has ${byPrimaryKey} rows by its primary key, ${byIndex} by ${secondary}`);
      }
    }
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
