import { describeDifference } from '../../schema/compare';
import { quoteName } from '../../server/queryable';
import type { Check as Constraint } from '../../schema/shape';
import { note, remedyText, statement, type RemedyPart } from '../../steps/remedy';
import { remedyOf, type VerifyContext } from '../context';
import { behaviourCheck, notAsWanted } from '../behaviour-check';
import { asSql, type Probe } from '../../probe/probe';
import { inWords, type CheckProbe } from '../../subject/parts';
import { fail, pass, type CheckOutcome } from '../report';
import { differencesIn } from './declared-objects';

/** ER_CONSTRAINT_FAILED of MariaDB, ER_CHECK_CONSTRAINT_VIOLATED of MySQL. */
const checkViolated = [4025, 3819];

interface ConstraintAt {
  readonly table: string;
  readonly check: Constraint;
}

/** The remedy for rows that break the CHECK. */
function repairRows({ probes }: VerifyContext, { table, check }: ConstraintAt): RemedyPart[] {
  const { title = `Rows break ${check.name}.`, statements = [] } = probes.checks[check.name]?.repair ?? {};
  const look = `SELECT * FROM ${table} WHERE NOT (${check.expression})`;
  return [note(`${title} To look first:`), note(look), ...statements.map(statement)];
}

/** True where MariaDB's global setting switches CHECKs off. Our sessions switch them on, those of other programs do not. */
async function isSwitchedOff(probe: Probe, { server }: VerifyContext): Promise<boolean> {
  if (server.flavour !== 'mariadb') return false;
  const [row] = await probe.ask('SELECT @@GLOBAL.check_constraint_checks AS isOn');
  return Number(row?.isOn) === 0;
}

const switchedOff = (names: string): CheckOutcome =>
  fail(
    `${names} is there, but check_constraint_checks is off: sessions of other programs let wrong rows in`,
    remedyText([
      note('For every session that begins from now on; take it out of the configuration file too.'),
      statement('SET GLOBAL check_constraint_checks = ON'),
    ]),
  );

/** What is wrong with how the CHECK treats wrong rows, or null. */
async function faultWithRefused(
  probe: Probe,
  { table, check }: ConstraintAt,
  refused: CheckProbe['refused'],
): Promise<string | null> {
  for (const [what, values] of Object.entries(refused)) {
    const refusal = await probe.refusalOfRow(table, { given: asSql(values) });
    if (refusal === null) return `${check.name} is there, but ${what} was let in`;
    if (!checkViolated.includes(refusal.errno))
      return `${what} was refused by errno ${refusal.errno}, not by ${check.name}`;
  }
  return null;
}

/** What is wrong with how a right row is stored, or null. */
async function faultWithAccepted(
  probe: Probe,
  { probes }: VerifyContext,
  table: string,
  accepted: CheckProbe['accepted'],
): Promise<string | null> {
  const row = Object.entries(asSql({ ...probes.tables[table]?.row, ...accepted }));
  const [where = 'FALSE'] = await probe.insertRows([{ table, given: asSql(accepted) }]);
  const columns = row.map(([name]) => `${quoteName(name)}, `).join('');
  const isAsGiven = row.map(([name, value]) => `${quoteName(name)} <=> ${value}`).join(' AND ') || 'TRUE';
  const [stored] = await probe.ask(
    `SELECT ${columns}${isAsGiven} AS isAsGiven FROM ${quoteName(table)} WHERE ${where}`,
  );
  if (Number(stored?.isAsGiven) === 1) return null;
  return `a right ${inWords(probes, table).one} was stored as ${JSON.stringify(stored ?? null)}`;
}

/** Every CHECK exists as declared, is enforced, holds for every row, and refuses each kind of row that it should. */
export const checkConstraintsCheck = behaviourCheck('check-constraints', async (probe, context) => {
  const constraints = [...context.declared.values()].flatMap(({ name, checks }) =>
    checks.map((check): ConstraintAt => ({ table: name, check })),
  );
  const differences = differencesIn(context, ['check']).map(describeDifference);
  const repairs: RemedyPart[] = [];
  for (const at of constraints) {
    const { broken } = await probe.counts({
      broken: { table: at.table, where: `NOT (${at.check.expression})` },
    });
    if (broken === 0) continue;
    differences.push(`${broken} rows of ${at.table} break ${at.check.name}`);
    repairs.push(...repairRows(context, at));
  }
  if (differences.length > 0) {
    const remedy = remedyOf(context, 'check-constraints', (all) => [...repairs, ...all['check-constraints']]);
    return fail(differences.join('; '), remedy);
  }
  const seen: string[] = [];
  for (const at of constraints) {
    const { refused = {}, accepted = {} } = context.probes.checks[at.check.name] ?? {};
    const fault =
      (await faultWithRefused(probe, at, refused)) ??
      (await faultWithAccepted(probe, context, at.table, accepted));
    if (fault !== null) return notAsWanted(context, fault);
    const kinds = Object.keys(refused).length;
    const { one } = inWords(context.probes, at.table);
    seen.push(
      kinds === 0
        ? `${at.check.name} lets a right ${one} in`
        : `${at.check.name} refuses ${kinds} kinds of wrong ${one}, and lets a right one in`,
    );
  }
  if (constraints.length > 0 && (await isSwitchedOff(probe, context)))
    return switchedOff(constraints.map(({ check }) => check.name).join(' and '));
  return pass(seen.length === 0 ? 'none is declared' : seen.join('; '));
});
