import { isProtectionFlowsError } from '../../errors';
import type { Finding } from '../preflight';
import type { Repair } from '../repairs/repair';
import type { Survey } from '../repairs/survey';
import { runStepAlone } from '../steps/migration';
import type { StepContext } from '../steps/step';
import { bringKey, takeOffUnvalidated } from '../migrate/late-keys';
import type { Look } from './look';
import { refusedKeys } from './key-results';

/** What carrying the repairs out came to. */
export interface CarriedOut {
  readonly done: ReadonlySet<Repair>;
  /** What was refused on the way. */
  readonly findings: readonly Finding[];
}

/** A refusal that leaves one table as it is; null where the whole run has to end with it. */
function tableRefusal(error: unknown, repair: Repair): Finding | null {
  if (!isProtectionFlowsError(error, 'TABLE_COPY_REFUSED')) return null;
  const { code, message, remedy, details } = error;
  const table = repair.tables[0] ?? null;
  return { code, effect: 'blocking', table, key: null, message, remedy: `-- ${remedy}`, details };
}

/** True where the key, or what stood in its place, was there before the repairs began. */
function wasThere({ live }: Survey, { foreignKey }: Repair): boolean {
  if (foreignKey === undefined) return false;
  const { table, key } = foreignKey;
  return (live.get(table)?.foreignKeys ?? []).some((one) => one.columns.join() === key.columns.join());
}

/**
 * Carries the repairs out, then brings the keys. Where a table has to be left as it is, the keys that were there before
 * come back all the same, and the others wait.
 */
export async function carryOut(
  context: StepContext,
  { survey, facts, findings }: Look,
  tell: (step: string) => void,
): Promise<CarriedOut> {
  const done = new Set<Repair>();
  const found: Finding[] = [];
  await takeOffUnvalidated(context, facts, findings);
  for (const repair of survey.repairs) {
    tell(repair.title);
    try {
      await runStepAlone(repair, context);
      done.add(repair);
    } catch (error) {
      const finding = tableRefusal(error, repair);
      if (finding === null) throw error;
      found.push(finding);
    }
  }
  const isWhole = found.length === 0;
  const refused = refusedKeys(findings);
  for (const repair of survey.keys) {
    const { key } = repair.foreignKey ?? {};
    if (key === undefined || refused.has(key.name) || !(isWhole || wasThere(survey, repair))) continue;
    tell(repair.title);
    const refusal = await bringKey(repair, context);
    found.push(...refusal);
    if (refusal.length === 0) done.add(repair);
  }
  return { done, findings: found };
}
