import type { Finding, FindingEffect } from '../../engine/preflight/finding';
import { differencesOf, differencesText, messageOf } from './differences-text';
import type { Style } from './style';
import { labelled } from './wrap';

const effects: Readonly<Record<FindingEffect, string>> = {
  blocking: 'stands in the way',
  'key-refused': 'this key is left out',
  deferred: 'left for a later migrate',
  mended: 'put right by migrate',
};

const order: readonly FindingEffect[] = ['blocking', 'key-refused', 'deferred', 'mended'];

/** The findings, those in the way first, each with its code, what it is about, its message and its fix. */
export function findingsText(findings: readonly Finding[], style: Style): string[] {
  if (findings.length === 0) return [];
  const sorted = order.flatMap((effect) => findings.filter((finding) => finding.effect === effect));
  return [
    style.bold('Findings'),
    ...sorted.flatMap((finding, index) => findingText(finding, style, isFixTold(sorted, index))),
  ];
}

/** True where one of the findings before has the same fix. */
export const isFixTold = (findings: readonly Finding[], index: number): boolean =>
  findings.findIndex(({ remedy }) => remedy === findings[index]?.remedy) < index;

/** What stands in place of a fix that was told before. */
export const sameFix = 'the same as above';

function findingText(finding: Finding, style: Style, isTold: boolean): string[] {
  const about = [finding.table, finding.key].filter((name) => name !== null).join('.');
  const { code, effect } = finding;
  return [
    ...labelled('', `${code} (${effects[effect]})`).map((line) =>
      line.replace(code, markEffect(finding, style)),
    ),
    ...(about === '' ? [] : labelled('On:  ', about, 4)),
    ...labelled('', messageOf(finding), 4),
    ...differencesText(differencesOf(finding), style, 4),
    ...labelled('Fix: ', isTold ? sameFix : finding.remedy, 4),
  ];
}

function markEffect({ code, effect }: Finding, style: Style): string {
  if (effect === 'mended') return style.green(code);
  return effect === 'deferred' ? style.yellow(code) : style.red(code);
}
