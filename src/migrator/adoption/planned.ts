import { isInTheWay, plannedStatements, type Finding } from '../../preflight';
import type { Repair } from '../../schema/repairs/repair';
import type { Look } from './look';
import type { AdoptRepair } from './results';

/** The keys that a finding keeps from being added. */
export const refusedKeys = (findings: readonly Finding[]): ReadonlySet<string> =>
  new Set(findings.filter(isInTheWay).flatMap(({ key }) => key ?? []));

/** The repairs that have something to do, with the statements that each comes to; refused keys left out. */
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
