import { isProtectionFlowsError } from '../../../errors';
import { quoteName } from '../../server/queryable';
import { note, remedyText, statement } from '../../steps/remedy';
import {
  errnoOf,
  fail,
  messageOf,
  unlessRows,
  type Check,
  type CheckOutcome,
  type VerifyContext,
} from '../context';
import type { CheckId } from '../report';
import { isAboutRows, NotProvable, notProven, tableOfKeyIn } from './answers';
import { Probe } from './probe';

/** What to do about a behaviour that the catalog does not explain: a failing key first, then the triggers. */
export function behaviourRemedy({ mending, history, triggers }: VerifyContext): string {
  const others = (['tables', 'columns', 'indexes', 'foreign-keys'] as const).filter(
    (section) => mending[section].length > 0,
  );
  const parts = [
    ...(history.migrateMends ? [note('Mended by what the check history says.')] : []),
    ...others.map((section) => note(`Mended, as far as it goes, by what the check ${section} says.`)),
  ];
  if (triggers.length > 0) {
    parts.push(note('One of these triggers changes what happens. SHOW CREATE TRIGGER first keeps a copy.'));
    parts.push(...triggers.map(({ name }) => statement(`DROP TRIGGER IF EXISTS ${quoteName(name)}`)));
  }
  if (parts.length === 0)
    parts.push(note('Look for triggers with a user who has the TRIGGER privilege: SHOW TRIGGERS'));
  return remedyText(parts);
}

/** The triggers on our tables in words, for summaries; '' where none is seen. */
export function besidesTriggers({ triggers }: VerifyContext): string {
  if (triggers.length === 0) return '';
  const listed = triggers.map(({ name, when, table }) => `${name} (${when} ON ${table})`);
  return `; there are triggers: ${listed.join(', ')}`;
}

/**
 * What an error comes to that a row met which is to be let in: a failure where a trigger on our tables, or a key of
 * theirs that is not declared, refused it; what the columns refuse, other checks speak of.
 */
function outcomeOf(error: unknown, context: VerifyContext): CheckOutcome {
  if (error instanceof NotProvable) return notProven(error.message, [], error.remedy);
  const errno = errnoOf(error);
  const said = `${messageOf(error)}${errno === null ? '' : ` (errno ${errno})`}`;
  const keyOf = tableOfKeyIn(error);
  const isOurs = keyOf === null ? context.triggers.length > 0 : context.declared.has(keyOf);
  if (!isAboutRows(error) || !isOurs) return notProven(`${said}${besidesTriggers(context)}`);
  return fail(`a right row was refused: ${said}${besidesTriggers(context)}`, behaviourRemedy(context));
}

/** A check that inserts, deletes and looks. It runs inside the transaction that verify rolls back. */
export function behaviourCheck(
  id: CheckId,
  prove: (probe: Probe, context: VerifyContext) => Promise<CheckOutcome>,
): Check {
  return {
    id,
    async run(context) {
      const skipped = unlessRows(context);
      if (skipped) return skipped;
      const probe = new Probe(context);
      try {
        const outcome = await prove(probe, context);
        return { ...outcome, evidence: [...outcome.evidence, ...probe.evidence] };
      } catch (error) {
        if (isProtectionFlowsError(error, 'CONNECTION_LOST')) throw error;
        return { ...outcomeOf(error, context), evidence: probe.evidence };
      }
    },
  };
}
