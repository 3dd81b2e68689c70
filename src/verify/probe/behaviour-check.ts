import { isProtectionFlowsError } from '../../errors';
import { quoteName } from '../../schema/queryable';
import { note, remedyText, statement } from '../../schema/remedy';
import { errnoOf, fail, messageOf, skip, unlessRows } from '../context';
import type { Check, CheckOutcome, VerifyContext } from '../context';
import type { CheckId } from '../report';
import { notTheSchema, Probe } from './probe';

/** ER_ROW_IS_REFERENCED_2, ER_NO_REFERENCED_ROW_2: a key refuses what no declared key does. */
const refusedByKey = [1451, 1452];

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

function outcomeOf(error: unknown, probe: Probe, context: VerifyContext): CheckOutcome {
  const errno = errnoOf(error);
  const said = `${messageOf(error)}${errno === null ? '' : ` (errno ${errno})`}`;
  const explains = context.triggers.length > 0 || refusedByKey.includes(errno ?? 0);
  if (errno === null || notTheSchema.includes(errno) || !explains) {
    return skip(
      `could not run: ${said}${besidesTriggers(context)}`,
      probe.evidence,
      '-- Run verify as a user who may INSERT and DELETE here, on a server that is not read-only, while nothing locks the tables.',
    );
  }
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
        return { ...outcomeOf(error, probe, context), evidence: probe.evidence };
      }
    },
  };
}
