import type { AdoptRepair, AdoptResult, Decision } from '../../engine/adopt/results';
import { describeDifference } from '../../engine/schema/compare';
import { describeSize } from '../../engine/steps/table-size';
import { counted, databaseLine } from './counted';
import { findingsText } from './findings-text';
import { separated } from './migrate-text';
import { markStatus, type Style } from './style';
import { table } from './table';
import { labelled } from './wrap';

/** What an adopt found and did: the repairs, what is left to decide, the keys, and how it stands now. */
export function adoptText(result: AdoptResult, style: Style): string[] {
  const { adopted, repairs, decisions, keys, findings, ok } = result;
  return separated([
    databaseLine(result),
    ...repairs.map((repair) => repairText(repair, style)),
    ...decisions.map((decision) => decisionText(decision, style)),
    keys.length === 0
      ? []
      : table(
          [
            { title: 'FOREIGN KEY', elastic: true },
            { title: 'STATUS', mark: (text) => markStatus(text, style) },
            { title: 'MS', align: 'right' },
          ],
          keys.map(({ name, status, ms }) => [name, status, String(Math.round(ms))]),
          style,
        ),
    findingsText(findings, style),
    adopted.length === 0
      ? []
      : [
          style.bold(`Recorded ${counted(adopted.length, 'migration')}`),
          ...adopted.flatMap((name) => labelled('', name)),
        ],
    labelled('', conclusion(result), 0).map(ok ? style.green : style.red),
  ]);
}

/** A paragraph whose first words are marked; wrapped before, for a mark has no width. */
function headed(heading: string, text: string, mark: (text: string) => string): string[] {
  return labelled('', `${heading}: ${text}`, 0).map((line, index) =>
    index === 0 ? line.replace(heading, mark(heading)) : line,
  );
}

function repairText({ title, differences, rows, sql, copies, status }: AdoptRepair, style: Style): string[] {
  const heading = status === 'repaired' ? 'Repaired' : 'To repair';
  return [
    ...headed(heading, title, status === 'repaired' ? style.green : style.yellow),
    ...differences.flatMap((one) => labelled('- ', describeDifference(one))),
    ...(rows > 0
      ? labelled('- ', `${counted(rows, 'row')} with NULL or '0000-00-00' in the place of a default`)
      : []),
    ...(copies === null || status === 'repaired'
      ? []
      : labelled('! ', `may copy ${copies.table}: ${describeSize(copies)}; its writers wait meanwhile`)),
    ...(status === 'repaired' ? [] : sql.map((statement) => `  ${statement};`)),
  ];
}

function decisionText({ differences, reason, look, choices }: Decision, style: Style): string[] {
  return [
    ...headed('Yours to decide', reason, style.red),
    ...differences.flatMap((one) => labelled('- ', describeDifference(one))),
    ...(look === null ? [] : ['  -- To look:', `  ${look};`]),
    ...choices.flatMap(({ does, sql }) => [
      ...labelled('', `-- This ${does}:`),
      ...sql.map((statement) => `  ${statement};`),
    ]),
  ];
}

function conclusion({ ok, adopted, repairs, decisions, keys, findings }: AdoptResult): string {
  if (decisions.length > 0) {
    return `Nothing was changed: ${counted(decisions.length, 'decision')} to take first. Then adopt again.`;
  }
  const refused = keys.filter(({ status }) => status === 'refused').length;
  if (!ok) {
    const open = repairs.filter(({ status }) => status === 'to-repair').length;
    if (findings.some(({ effect }) => effect === 'blocking'))
      return 'Not adopted: something stands in the way. Apply the fixes and adopt again.';
    if (open > 0)
      return `Not adopted: ${counted(open, 'repair')} to make. To carry them out: protection-flows adopt --repair`;
    return `Adopted, but for ${counted(refused, 'refused key')}: apply the fix, then migrate.`;
  }
  if (adopted.length > 0) return 'Adopted. To see it proven: protection-flows verify';
  return repairs.length > 0 ? 'Repaired.' : 'Nothing to adopt: all is recorded, and nothing differs.';
}
