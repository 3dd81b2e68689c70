import { guardResultOf } from '../../guards/read-guards';
import { errnoOf, quoteName } from '../../server/queryable';
import { remedyText, note } from '../../steps/remedy';
import type { InstalledGuards, Check, VerifyContext } from '../context';
import { isAboutRows, messageOf } from '../../probe/answers';
import { behaviourCheck } from '../behaviour-check';
import { asSql, type Probe } from '../../probe/probe';
import { fail, pass, skip, type CheckOutcome } from '../report';

/** ER_DUP_ENTRY. */
const duplicate = 1062;
/** ER_NO_SUCH_USER: the definer of a trigger does not exist. */
const definerGone = 1449;
/** ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR: the definer lacks a privilege. */
const denied = [1142, 1143];

/** The failure where a part is missing or altered, with all parts as evidence; else null. */
function partsFault({ parts, install }: InstalledGuards): CheckOutcome | null {
  const faulty = parts.filter(({ status }) => status === 'absent' || status === 'altered');
  if (faulty.length === 0) return null;
  const listed = faulty.map(
    ({ kind, table, name, status }) =>
      `${kind} ${table}.${name} is ${status === 'absent' ? 'not there' : 'not as declared'}`,
  );
  const sql = 'SELECT … FROM information_schema.TRIGGERS, COLUMNS, STATISTICS';
  const rows = parts.map((part) => ({ ...guardResultOf(part) }));
  return fail(listed.join('; '), install, [{ sql, rows }]);
}

/**
 * Writes as a program that knows nothing of the subject: inserts a row that may exist only once, updates it, and tries to
 * insert it again. So every trigger runs, with the privileges of its definer.
 */
async function writeAsStranger(probe: Probe, { declared }: InstalledGuards): Promise<CheckOutcome> {
  const seen: string[] = [];
  for (const { table, name, index, row, expression } of declared.columns) {
    const values = await probe.insert(table, { given: asSql(row), named: ['id'] });
    const where = `${quoteName('id')} = ${values.id ?? 'NULL'}`;
    await probe.execute(
      `UPDATE ${quoteName(table)} SET ${quoteName('id')} = ${quoteName('id')} WHERE ${where}`,
    );
    const { id: _, ...again } = values;
    const refusal = await probe.refusalOfRow(table, { given: again });
    if (refusal?.errno !== duplicate) {
      const how = refusal === null ? 'was let in' : `was refused by errno ${refusal.errno}, not by ${index}`;
      return fail(`a second row of ${table} with one ${name} (${expression}) ${how}`, '');
    }
    seen.push(`a second row with one ${name} is refused (errno ${duplicate})`);
  }
  return pass(seen.join('; '));
}

async function prove(probe: Probe, { guards, session }: VerifyContext): Promise<CheckOutcome> {
  if (guards === null) return skip('not installed');
  const { parts, declared, install } = guards;
  const fault = partsFault(guards);
  if (fault !== null) return fault;
  if (guards.state === 'unseen') {
    const remedy = remedyText([note('Run verify as a user who has the TRIGGER privilege on the tables.')]);
    return skip('the column and its index are there; this user may not see the triggers', [], remedy);
  }
  const definers = [...new Set(parts.flatMap(({ definer }) => definer ?? []))];
  let isStranger = false;
  try {
    // Without the triggers first: what this user may not do is no fault of theirs
    for (const { table } of declared.columns) await probe.insert(table);
    await session.query(`SET ${declared.mark} = NULL`);
    isStranger = true;
    const outcome = await writeAsStranger(probe, guards);
    if (outcome.status === 'fail') return { ...outcome, remedy: install };
    const summary = `${parts.length} objects as declared, working as ${definers.join(', ')}; ${outcome.summary}`;
    return { ...outcome, summary };
  } catch (error) {
    const errno = errnoOf(error) ?? 0;
    if (errno !== definerGone && !(isStranger && (denied.includes(errno) || isAboutRows(error)))) throw error;
    const what =
      'Recreates the triggers as the account that executes it, which needs TRIGGER, SELECT and UPDATE on the tables:';
    const refused = `a row was refused: ${messageOf(error)} (errno ${errno})`;
    const remedy = remedyText([note(what), note(install)]);
    return fail(`the triggers work as ${definers.join(', ')}, and ${refused}`, remedy, probe.evidence);
  } finally {
    await session.query(`SET ${declared.mark} = 1`).catch(() => undefined);
  }
}

/** The guards exist as declared, and work: their definer still exists and has the privileges. */
export const guardsCheck: Check = behaviourCheck('guards', prove);
