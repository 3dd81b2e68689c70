import { historyTable } from '../../migrator';
import { ask, fail, pass, type Check } from '../context';

/** Every migration is recorded, once, and nothing that this code does not know. */
export const historyCheck: Check = {
  id: 'history',
  async run({ session, history, known }) {
    const migrateFirst = 'protection-flows migrate';
    if (history === null)
      return fail(`there is no table ${historyTable}: no migration was ever run`, migrateFirst);
    const evidence = [await ask(session, `SELECT id, timestamp, name FROM ${historyTable} ORDER BY id`)];
    const names = history.map((entry) => entry.name);
    const unknown = names.filter((name) => !known.includes(name));
    const duplicated = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
    const pending = known.filter((name) => !names.includes(name));
    if (unknown.length > 0) {
      const remedy = 'Verify with the newer version of @sendense/protection-flows that made them.';
      return fail(`${unknown.join(', ')}: not known to this version`, remedy, evidence);
    }
    if (duplicated.length > 0) {
      const remedy = duplicated
        .map((name) => {
          const ids = (evidence[0]?.rows ?? [])
            .filter((row) => row.name === name)
            .map((row) => Number(row.id));
          return `DELETE FROM ${historyTable} WHERE name = '${name}' AND id > ${Math.min(...ids)};`;
        })
        .join('\n');
      return fail(`${duplicated.join(', ')}: recorded more than once`, remedy, evidence);
    }
    const reverting = history.filter((entry) => entry.reverting).map((entry) => entry.name);
    if (reverting.length > 0) {
      const remedy = `${migrateFirst} brings it back, protection-flows rollback takes the rest away`;
      return fail(`a rollback of ${reverting.join(', ')} died half-way`, remedy, evidence);
    }
    if (pending.length > 0) {
      return fail(
        `${names.length} of ${known.length} migrations recorded; pending: ${pending.join(', ')}`,
        migrateFirst,
        evidence,
      );
    }
    return pass(`all ${known.length} migrations recorded, each once`, evidence);
  },
};
