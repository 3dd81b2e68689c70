import type { PreflightResult } from '../../../engine/migrate/results';
import { isInTheWay, type Finding } from '../../../engine/preflight/finding';
import { differencesOf, messageOf } from '../differences-text';
import { isFixTold, sameFix } from '../findings-text';
import { differencesBlock, escaped, markdownTable, remedyBlock } from './markdown';

/** Findings as Markdown: a table, then the fix of each that stands in the way. */
export function findingsMarkdown(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return ['Nothing was found.', ''];
  const inTheWay = findings.filter(isInTheWay);
  return [
    ...markdownTable(
      ['Finding', 'Effect', 'On', 'Message'],
      findings.map((finding) => [
        `\`${finding.code}\``,
        finding.effect,
        escaped([finding.table, finding.key].filter((name) => name !== null).join('.')),
        escaped(messageOf(finding)),
      ]),
    ),
    ...inTheWay.flatMap((finding, index) => [
      `**${finding.code}**, fix:`,
      '',
      ...differencesBlock(differencesOf(finding)),
      ...(isFixTold(inTheWay, index) ? [sameFix, ''] : remedyBlock(finding.remedy)),
    ]),
  ];
}

/** What preflight found, as Markdown. */
export function preflightMarkdown({ ok, findings }: PreflightResult): string[] {
  const verdict = ok ? 'nothing stands in the way' : 'something stands in the way';
  return [`## ${ok ? '✅' : '❌'} protection-flows preflight: ${verdict}`, '', ...findingsMarkdown(findings)];
}
