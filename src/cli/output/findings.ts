import type { PreflightResult } from '../../engine/migrate/results';
import { isInTheWay, type Finding, type FindingEffect } from '../../engine/preflight/finding';
import { differencesMarkdown, differencesOf, differencesText, messageOf } from './differences';
import { heading, remedyBlock, tableMarkdown } from './markdown';
import { markOf, type Mood, type Style } from './style';
import { counted, headed, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

/** Each effect in words, in the order in which findings are printed. */
const effects: Readonly<Record<FindingEffect, readonly [Mood, string]>> = {
  blocking: ['bad', 'blocks migrate'],
  'key-refused': ['bad', 'migrate leaves out this key'],
  deferred: ['open', 'left for a later migrate'],
  mended: ['good', 'migrate repairs it'],
  noted: ['open', 'does not block migrate'],
};

const aboutOf = ({ table, key }: Finding): string => [table, key].filter((name) => name !== null).join('.');

/** A finding's fix; null if an earlier finding has the same one. */
const fixOf = (findings: readonly Finding[], index: number): string | null => {
  const first = findings.findIndex(({ remedy }) => remedy === findings[index]?.remedy);
  return first < index ? null : (findings[index]?.remedy ?? null);
};

const sameFix = 'the same as above';

/** The findings, blocking ones first, each with its code, its table and key, its message and its fix. */
export function findingsText(findings: readonly Finding[], style: Style): string[] {
  if (findings.length === 0) return [];
  const sorted = Object.keys(effects).flatMap((effect) => findings.filter((one) => one.effect === effect));
  return [
    style.bold('Findings'),
    ...sorted.flatMap((finding, index) => {
      const [mood, word] = effects[finding.effect];
      const about = aboutOf(finding);
      return [
        ...headed(finding.code, ` (${word})`, markOf(mood, style), 2),
        ...(about === '' ? [] : labelled('On:  ', about, 4)),
        ...labelled('', messageOf(finding), 4),
        ...differencesText(differencesOf(finding), style, 4),
        ...labelled('Fix: ', fixOf(sorted, index) ?? sameFix, 4),
      ];
    }),
  ];
}

/** Findings as Markdown: a table, then the fix of each that blocks migrate or refuses a key; nothing without findings. */
export function findingsMarkdown(findings: readonly Finding[]): string[] {
  const inTheWay = findings.filter(isInTheWay);
  return [
    ...tableMarkdown({
      columns: [
        { title: 'Finding', holds: 'code' },
        { title: 'Effect' },
        { title: 'On' },
        { title: 'Message' },
      ],
      rows: findings.map((one) => [one.code, one.effect, aboutOf(one), messageOf(one)]),
    }),
    ...inTheWay.flatMap((finding, index) => {
      const fix = fixOf(inTheWay, index);
      return [
        `**${finding.code}**, fix:`,
        '',
        ...differencesMarkdown(differencesOf(finding)),
        ...(fix === null ? [sameFix, ''] : remedyBlock(fix)),
      ];
    }),
  ];
}

/** A preflight: its findings, and whether a migrate could do all its work now. */
export const preflightOutput: Output<PreflightResult> = {
  text: (result, style) =>
    textAbout(
      result,
      findingsText(result.findings, style),
      paragraph(conclusion(result)).map(result.ok ? style.green : style.red),
    ),
  markdown: (result) => [
    ...heading(result, `preflight: ${result.ok ? 'nothing blocks migrate' : 'migrate needs fixes first'}`),
    ...(result.findings.length === 0 ? ['No findings.', ''] : findingsMarkdown(result.findings)),
  ],
};

function conclusion({ findings }: PreflightResult): string {
  const count = (effect: string): number => findings.filter((finding) => finding.effect === effect).length;
  const [blocking, refused, deferred] = [count('blocking'), count('key-refused'), count('deferred')];
  const again = 'Apply the fixes and run preflight again.';
  if (blocking > 0)
    return `${counted(blocking, 'finding')} would stop migrate before its first statement. ${again}`;
  if (refused > 0)
    return `Migrate would leave out ${refused === 1 ? 'a key' : 'some keys'}: ${counted(refused, 'finding')}. ${again}`;
  return `Nothing blocks migrate${deferred > 0 ? `, with ${counted(deferred, 'deferred key')} left for later` : ''}.`;
}

const dataOf = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/**
 * The findings of a result as commands for GitHub's runner, which shows them beside the changes.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotations(result: object): string[] {
  const { findings = [] } = result as { readonly findings?: readonly Finding[] };
  return findings.map(({ code, effect, message, remedy }) => {
    const level = effect === 'blocking' || effect === 'key-refused' ? 'error' : 'notice';
    return `::${level} title=${code}::${dataOf(`${message}\n${remedy}`)}`;
  });
}
