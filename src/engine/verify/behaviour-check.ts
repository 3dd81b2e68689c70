import { isProtectionFlowsError } from '../../errors';
import { errnoOf, quoteName } from '../server/queryable';
import { note, remedyText, statement } from '../steps/remedy';
import type { ForeignKey } from '../schema/shape';
import { unlessRows, type Check, type VerifyContext } from './context';
import type { Remedies } from '../repairs/remedies';
import { deferred, fail, pass, skip, type CheckId, type CheckOutcome, type Remedy } from './report';
import { isAboutRows, messageOf, NotProvable, tableOfKeyIn } from '../probe/answers';
import { Probe } from '../probe/probe';

const elsewhere =
  '-- Run verify as a user who may INSERT and DELETE here, on a server that is not read-only, while nothing locks the tables.';

/** The skip of a check that could not be made, with the reason. */
export const notProven = (reason: string, remedy: string | null = elsewhere): CheckOutcome =>
  skip(`could not run: ${reason}`, [], remedy);

/** What to do about a behaviour that the catalog does not explain: a failing key first, then the triggers. */
export const behaviourRemedy =
  ({ history, triggers }: VerifyContext) =>
  (remedies: Remedies): string => {
    const others = (['tables', 'columns', 'indexes', 'foreign-keys'] as const).filter(
      (section) => remedies[section].length > 0,
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

/** A declared key, and its table. */
export interface KeyAt {
  readonly table: string;
  readonly key: ForeignKey;
}

/** The declared keys with that delete rule; apart, the names of those whose parent table does not exist. */
export function keysWithRule(
  { declared, live }: VerifyContext,
  rule: ForeignKey['onDelete'],
): { present: KeyAt[]; late: string[] } {
  const keys = [...declared.values()].flatMap(({ name, foreignKeys }) =>
    foreignKeys.filter((key) => key.onDelete === rule).map((key) => ({ table: name, key })),
  );
  return {
    present: keys.filter(({ key }) => live.has(key.parentTable)),
    late: keys.filter(({ key }) => !live.has(key.parentTable)).map(({ key }) => key.name),
  };
}

/** A pass that claims what was seen; deferred where some of the keys with that rule have no parent table yet. */
export function passBut(
  { history }: VerifyContext,
  seen: readonly string[],
  late: readonly string[],
  rule: ForeignKey['onDelete'],
): CheckOutcome {
  const claim = seen.join(', ');
  if (late.length === 0) return pass(claim === '' ? `no key is declared with ON DELETE ${rule}` : claim);
  const unseen = `not looked at, without parent: ${late.join(', ')}`;
  return deferred(history.names, claim === '' ? unseen : `${claim}; ${unseen}`);
}

/**
 * What an error comes to that a right row met: a failure where a trigger on our tables, or a key of theirs that is not
 * declared, refused the row; what the columns refuse, other checks tell.
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
        const isAnswer = error instanceof NotProvable || errnoOf(error) !== null;
        if (!isAnswer || isProtectionFlowsError(error, 'CONNECTION_LOST')) throw error;
        return { ...outcomeOf(error, context), evidence: probe.evidence };
      }
    },
  };
}
