import { describeDifference } from '../../schema/compare';
import { note, remedyText, statement, type RemedyPart } from '../../steps/remedy';
import { fail, pass, remedyOf, type CheckOutcome, type VerifyContext } from '../context';
import { behaviourCheck, behaviourRemedy, besidesTriggers } from '../probe/behaviour-check';
import { insertFlow } from '../probe/flow-rows';
import type { Probe } from '../probe/probe';
import { differencesIn } from './declared-objects';

/** ER_CONSTRAINT_FAILED of MariaDB, ER_CHECK_CONSTRAINT_VIOLATED of MySQL. */
const checkViolated = [4025, 3819];

/** Rows that the rule refuses: what each type of flow needs is missing. */
const violations: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a backup flow without a repository', { flow_type: 'backup' }],
  ['a backup flow with a destination only', { flow_type: 'backup', destination_type: 'ossea' }],
  ['a replication flow without a destination', { flow_type: 'replication' }],
];

/** What makes rows that break the rule, however they came in, keep it: they are switched off until somebody looks. */
const makeRowsKeepTheRule: readonly RemedyPart[] = [
  note(
    'Gives flows that lack it a stand-in, and disables them. Give each its true one afterwards; to look first:',
  ),
  note(
    "SELECT * FROM protection_flows WHERE (flow_type = 'backup' AND repository_id IS NULL) OR (flow_type = 'replication' AND destination_type IS NULL)",
  ),
  statement(
    "UPDATE protection_flows SET repository_id = (SELECT MIN(id) FROM backup_repositories), enabled = 0, updated_at = updated_at WHERE flow_type = 'backup' AND repository_id IS NULL",
  ),
  statement(
    "UPDATE protection_flows SET destination_type = 'ossea', enabled = 0, updated_at = updated_at WHERE flow_type = 'replication' AND destination_type IS NULL",
  ),
];

/** How many rows break the rule: switched off for a while, or under a lax session, it lets them in. */
async function rowsThatBreakIt(probe: Probe, { declared }: VerifyContext): Promise<number> {
  let broken = 0;
  for (const { name, checks } of declared.values()) {
    for (const { expression } of checks)
      broken += await probe.count(`SELECT COUNT(*) AS broken FROM ${name} WHERE NOT (${expression})`);
  }
  return broken;
}

/** MariaDB's switch: our sessions switch it on, those of other programs have the server's. */
async function isSwitchedOff(probe: Probe, { server }: VerifyContext): Promise<boolean> {
  if (server.flavour !== 'mariadb') return false;
  return (await probe.count('SELECT @@GLOBAL.check_constraint_checks AS isOn')) === 0;
}

const switchedOff = (): CheckOutcome =>
  fail(
    'chk_flows_type is there, but check_constraint_checks is off: sessions of other programs let wrong rows in',
    remedyText([
      note('For every session that begins from now on; take it out of the configuration file too.'),
      statement('SET GLOBAL check_constraint_checks = ON'),
    ]),
  );

/** The CHECK is there as declared, enforced, kept by every row, and refuses each kind of row that it is to refuse. */
export const checkConstraintsCheck = behaviourCheck('check-constraints', async (probe, context) => {
  const differences = differencesIn(context, ['check']).map(describeDifference);
  const broken = await rowsThatBreakIt(probe, context);
  if (broken > 0) differences.push(`${broken} rows of protection_flows break chk_flows_type`);
  if (differences.length > 0) {
    const parts = [...(broken > 0 ? makeRowsKeepTheRule : []), ...context.mending['check-constraints']];
    return fail(differences.join('; '), remedyOf(context, 'check-constraints', parts));
  }
  for (const [what, values] of violations) {
    const row = { id: probe.newId(), name: probe.newId(), ...values };
    const { text } = await probe.insertSql('protection_flows', row);
    const refusal = await probe.refusal(text);
    if (refusal === null) {
      const summary = `chk_flows_type is there, but ${what} was let in${besidesTriggers(context)}`;
      return fail(summary, behaviourRemedy(context));
    }
    if (!checkViolated.includes(refusal.errno)) {
      const summary = `${what} was refused by errno ${refusal.errno}, not by chk_flows_type${besidesTriggers(context)}`;
      return fail(summary, behaviourRemedy(context));
    }
  }
  if (await isSwitchedOff(probe, context)) return switchedOff();
  const right = await insertFlow(probe, { last_execution_status: 'cancelled' });
  const [row] = await probe.ask(
    `SELECT flow_type, last_execution_status AS status FROM protection_flows WHERE id = '${right}'`,
  );
  if (row?.flow_type !== 'replication' || row.status !== 'cancelled') {
    const summary = `a right flow was stored as ${JSON.stringify(row ?? null)}${besidesTriggers(context)}`;
    return fail(summary, behaviourRemedy(context));
  }
  return pass(`chk_flows_type refuses ${violations.length} kinds of wrong flow, and lets a right one in`);
});
