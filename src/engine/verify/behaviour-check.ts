import { isProtectionFlowsError } from '../../errors';
import { errnoOf, quoteName } from '../server/queryable';
import { note, remedyText, statement } from '../steps/remedy';
import { checkOf, mendedBy, type Check, type VerifyContext } from './context';
import type { Remedies } from '../repairs/remedies';
import { fail, skip, type CheckId, type CheckOutcome, type Remedy } from './report';
import { isAboutRows, messageOf, NotProvable, tableOfKeyIn } from '../probe/answers';
import { Probe } from '../probe/probe';

const elsewhere =
  '-- Run verify as a user who may INSERT and DELETE here, on a server that is not read-only, while nothing locks the tables.';

/** The skip of a check that could not run, with the reason. */
export const notProven = (reason: string, remedy: string | null = elsewhere): CheckOutcome =>
  skip(`could not run: ${reason}`, [], remedy);

/** The remedy for a wrong behaviour: first what the catalog shows to be wrong, then the triggers. */
export const behaviourRemedy =
  ({ history, triggers }: VerifyContext) =>
  (remedies: Remedies): string => {
    const others = (['tables', 'columns', 'indexes', 'foreign-keys'] as const).filter(
      (section) => remedies[section].length > 0,
    );
    const parts = [
      ...(history.migrateMends ? [note(mendedBy('history'))] : []),
      ...others.map((section) =>
        note(`First carry out the remedy of the check ${section}; it may mend this too.`),
      ),
    ];
    if (triggers.length > 0) {
      parts.push(
        note('One of these triggers changes what happens. Keep a copy first, with SHOW CREATE TRIGGER.'),
      );
      parts.push(...triggers.map(({ name }) => statement(`DROP TRIGGER IF EXISTS ${quoteName(name)}`)));
    }
    if (parts.length === 0)
      parts.push(note('Look for triggers with a user who has the TRIGGER privilege: SHOW TRIGGERS'));
    return remedyText(parts);
  };

/** The triggers on our tables in words, for summaries; '' where none is seen. */
function besidesTriggers({ triggers }: VerifyContext): string {
  if (triggers.length === 0) return '';
  const listed = triggers.map(({ name, when, table }) => `${name} (${when} ON ${table})`);
  return `; there are triggers: ${listed.join(', ')}`;
}

/** The failure of a behaviour, with the triggers that may have caused it. */
export const notAsWanted = (
  context: VerifyContext,
  summary: string,
  remedy: Remedy = behaviourRemedy(context),
): CheckOutcome => fail(`${summary}${besidesTriggers(context)}`, remedy);

/**
 * The outcome where the server refused a right row: a failure where a trigger on our tables or one of their keys refused
 * it, else a skip. Other checks report what the columns refuse.
 */
function outcomeOf(error: unknown, context: VerifyContext): CheckOutcome {
  if (error instanceof NotProvable) return notProven(error.message, error.remedy);
  const said = `${messageOf(error)} (errno ${errnoOf(error)})`;
  const keyOf = tableOfKeyIn(error);
  const isOurs = keyOf === null ? context.triggers.length > 0 : context.declared.has(keyOf);
  return isAboutRows(error) && isOurs
    ? notAsWanted(context, `a right row was refused: ${said}`)
    : notProven(`${said}${besidesTriggers(context)}`);
}

/** A check that inserts, deletes and reads. It runs inside the transaction that verify rolls back. */
export const behaviourCheck = (
  id: CheckId,
  prove: (probe: Probe, context: VerifyContext) => Promise<CheckOutcome>,
): Check =>
  checkOf('rows', id, async (context) => {
    const probe = new Probe(context);
    try {
      const outcome = await prove(probe, context);
      return { ...outcome, evidence: [...outcome.evidence, ...probe.evidence] };
    } catch (error) {
      const isAnswer = error instanceof NotProvable || errnoOf(error) !== null;
      if (!isAnswer || isProtectionFlowsError(error, 'CONNECTION_LOST')) throw error;
      return { ...outcomeOf(error, context), evidence: probe.evidence };
    }
  });
