import { isProtectionFlowsError } from '../../errors';
import { findingOf, isInTheWay, plannedStatements, type Finding } from '../preflight';
import type { Repair } from '../repairs/repair';
import type { Survey } from '../repairs/survey';
import { runStepAlone, type StepContext } from '../steps/step';
import { bringKey, takeOffUnvalidated } from '../migrate/late-keys';
import type { Look } from './look';
import type { AdoptRepair, AdoptKey } from './results';
import { compareForeignKey } from '../schema/compare';
import { keysIn, named, type ForeignKey, type Schema } from '../schema/shape';

/** The result of carrying the repairs out. */
export interface CarriedOut {
  readonly done: ReadonlySet<Repair>;
  /** The refused repairs and keys. */
  readonly findings: readonly Finding[];
}

/** The finding for an error that leaves one table as it is; null for an error that ends the whole run. */
function tableRefusal(error: unknown, repair: Repair): Finding | null {
  if (!isProtectionFlowsError(error, 'TABLE_COPY_REFUSED')) return null;
  const { code, message, remedy, details } = error;
  return findingOf(code, { table: repair.tables[0] ?? null, message, remedy: `-- ${remedy}`, details });
}

/** True when a key of the same columns existed before the repairs. */
function wasThere({ live }: Survey, { foreignKey }: Repair): boolean {
  if (foreignKey === undefined) return false;
  const { table, key } = foreignKey;
  return (live.get(table)?.foreignKeys ?? []).some((one) => one.columns.join() === key.columns.join());
}

/**
 * Carries the repairs out, then adds the keys. Where a repair was refused, adds only the keys that existed before; the
 * others wait.
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

/** The names of the keys that a finding prevents. */
const refusedKeys = (findings: readonly Finding[]): ReadonlySet<string> =>
  new Set(findings.filter(isInTheWay).flatMap(({ key }) => key ?? []));

/** The repairs that have something to do, each with its statements. Leaves refused keys out. */
export function plannedRepairs({ survey, facts, findings }: Look): Map<Repair, AdoptRepair> {
  const refused = refusedKeys(findings);
  const statements = plannedStatements(facts);
  const planned = new Map<Repair, AdoptRepair>();
  for (const repair of [...survey.repairs, ...survey.keys]) {
    const { title, differences, rows, tables, foreignKey } = repair;
    const own = statements.filter((_one, index) => facts.plan.statements[index]?.step === repair);
    if (own.length === 0 || (foreignKey && refused.has(foreignKey.key.name))) continue;
    planned.set(repair, {
      title,
      table: tables[0] ?? '',
      differences,
      rows,
      sql: own.map(({ sql }) => sql),
      copies: own.find(({ copies }) => copies !== null)?.copies ?? null,
      status: 'to-repair',
    });
  }
  return planned;
}

function stands(live: Schema, table: string, key: ForeignKey): boolean {
  const found = named(live.get(table)?.foreignKeys ?? [], key.name);
  return compareForeignKey(table, key, found).length === 0;
}

/** The status of every declared key after the run. `times` holds milliseconds by the key's name. */
export function keyResults(
  declared: Schema,
  before: Schema,
  live: Schema,
  findings: readonly Finding[],
  times: ReadonlyMap<string, number>,
): AdoptKey[] {
  const refused = refusedKeys(findings);
  const statusOf = (table: string, key: ForeignKey): AdoptKey['status'] => {
    if (refused.has(key.name)) return 'refused';
    if (stands(live, table, key)) return stands(before, table, key) ? 'present' : 'added';
    return live.has(key.parentTable) || declared.has(key.parentTable) ? 'to-add' : 'deferred';
  };
  return keysIn(declared).map(({ table, key }) => ({
    name: key.name,
    status: statusOf(table.name, key),
    ms: times.get(key.name) ?? 0,
  }));
}

/** True when every declared key whose parent table exists is as declared. */
export const keysAreAsDeclared = (declared: Schema, live: Schema): boolean =>
  keysIn(declared).every(({ table, key }) => {
    const hasParent = live.has(key.parentTable) || declared.has(key.parentTable);
    return !hasParent || stands(live, table.name, key);
  });
