import { isProtectionFlowsError, type ProtectionFlowsError, translated } from '../../errors';
import type { Subject } from '../subject/subject';
import { runStepAlone, stepsOf, type Step, type StepContext } from '../steps/step';
import { findingOf, isInTheWay, type Facts, type Finding, type KeyFact } from '../preflight';
import { alterSql, dropForeignKeySql } from '../schema/ddl';
import { unvalidatedName } from '../steps/key-state';
import { named } from '../schema/shape';
import type { Words } from '../server/names';

/** True where a finding keeps the key from being added. */
export const isRefused = ({ key }: KeyFact, findings: readonly Finding[]): boolean =>
  findings.some((one) => one.key === key.name && isInTheWay(one));

/** The error of a late key as an error of this package; null where it has to end the whole run. */
function keyFault(
  error: unknown,
  { command }: Words,
): Pick<ProtectionFlowsError, 'code' | 'message' | 'remedy' | 'details'> | null {
  const known = translated(error);
  if (!isProtectionFlowsError(known)) {
    const { message, errno } = error as { message: string; errno?: number };
    if (errno === undefined) return null;
    const remedy = `See what the server says; ${command} preflight looks for what stands in the way.`;
    return { code: 'QUERY_FAILED', message, remedy, details: { errno } };
  }
  return known.code === 'INTERRUPTED' || known.code === 'CONNECTION_LOST' ? null : known;
}

/** Adds a late key; returns a finding where it was refused. Throws errors that have to end the whole run. */
export async function bringKey(step: Step, context: StepContext): Promise<Finding[]> {
  try {
    await runStepAlone(step, context);
    return [];
  } catch (error) {
    const fault = keyFault(error, context.owner.words);
    if (fault === null) throw error;
    const { code, message, remedy, details } = fault;
    const { table = null, key } = step.foreignKey ?? {};
    const name = key?.name ?? null;
    return [findingOf(code, { effect: 'key-refused', table, key: name, message, remedy, details })];
  }
}

/**
 * Adds the missing keys of applied migrations, which were deferred earlier or dropped by hand. Skips and reports a key that
 * can't be added, and adds the others: a late key is no reason for a service to stay down.
 */
export async function addLateKeys(
  { migrations }: Subject,
  context: StepContext,
  facts: Facts,
  findings: readonly Finding[],
  tell: (title: string) => void,
): Promise<Finding[]> {
  const refused: Finding[] = [];
  for (const step of stepsOf(migrations)) {
    const late = facts.keys.find(({ key }) => key.name === step.foreignKey?.key.name);
    if (!late?.late || late.state.status !== 'to-add' || isRefused(late, findings)) continue;
    tell(step.title);
    refused.push(...(await bringKey(step, context)));
  }
  return refused;
}

/**
 * Drops the unvalidated keys of a run that died, where preflight found orphans under them. So after every migrate that
 * returns, even a refused one, no key has orphans.
 */
export async function takeOffUnvalidated(
  context: StepContext,
  { keys, live }: Facts,
  findings: readonly Finding[],
): Promise<void> {
  for (const fact of keys) {
    const { table, key, orphans } = fact;
    const isUnvalidated = named(live.get(table)?.foreignKeys ?? [], unvalidatedName(key)) !== undefined;
    if (isUnvalidated && orphans !== null && orphans.rows > 0 && isRefused(fact, findings))
      await context.execute(alterSql(table, dropForeignKeySql(unvalidatedName(key))));
  }
}
