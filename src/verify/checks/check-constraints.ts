import { compareTable, describeDifference } from '../../schema/compare';
import { script } from '../../schema/ddl';
import { mendAll } from '../../schema/mend';
import { errnoOf, fail, pass } from '../context';
import { behaviourCheck } from '../probe/behaviour-check';

/** ER_CONSTRAINT_FAILED of MariaDB, ER_CHECK_CONSTRAINT_VIOLATED of MySQL. */
const checkViolated = [4025, 3819];

/** Rows that the rule refuses: what each type of flow needs is missing. */
const violations: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a backup flow without a repository', { flow_type: 'backup' }],
  ['a backup flow with a destination only', { flow_type: 'backup', destination_type: 'ossea' }],
  ['a replication flow without a destination', { flow_type: 'replication' }],
];

/** The CHECK is there as declared, enforced, and refuses each kind of row that it is to refuse. */
export const checkConstraintsCheck = behaviourCheck('check-constraints', async (probe, context) => {
  const { declared, live, server } = context;
  const differences = [...declared.values()]
    .flatMap((table) => compareTable(declared, table, live))
    .filter((difference) => difference.object === 'check');
  if (differences.length > 0) {
    const remedy = script(mendAll(declared, differences, live, server.flavour));
    return fail(differences.map(describeDifference).join('; '), remedy);
  }
  for (const [what, values] of violations) {
    const { text } = await probe.insertSql('protection_flows', {
      id: probe.newId(),
      name: probe.newId(),
      ...values,
    });
    const errno = await probe.refusal(text, errnoOf);
    if (errno === null) {
      return fail(`chk_flows_type is there, but ${what} was let in`, 'SHOW CREATE TABLE protection_flows;');
    }
    if (!checkViolated.includes(errno)) {
      return fail(`${what} was refused by errno ${errno}, not by chk_flows_type`, 'SHOW TRIGGERS;');
    }
  }
  return pass(`chk_flows_type refuses ${violations.length} kinds of wrong flow`);
});
