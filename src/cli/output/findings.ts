import type { PreflightResult } from '../../engine/migrate/results';
import { isInTheWay, type Finding, type FindingEffect } from '../../engine/preflight/finding';
import { differencesMarkdown, differencesOf, differencesText, messageOf } from './differences';
import { remedyBlock, tableMarkdown } from './markdown';
import { markOf, type Mood, type Style } from './style';
import { counted, headed, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

/** What each effect is called, in the order in which findings are told. */
const effects: Readonly<Record<FindingEffect, readonly [Mood, string]>> = {
  blocking: ['bad', 'stands in the way'],
  'key-refused': ['bad', 'this key is left out'],
  deferred: ['open', 'left for a later migrate'],
  mended: ['good', 'put right by migrate'],
  noted: ['open', 'not in the way of migrate'],
};

const aboutOf = ({ table, key }: Finding): string => [table, key].filter((name) => name !== null).join('.');

/** A finding's fix; for one that was told before, where. */
const fixOf = (findings: readonly Finding[], index: number): string | null => {
  const first = findings.findIndex(({ remedy }) => remedy === findings[index]?.remedy);
  return first < index ? null : (findings[index]?.remedy ?? null);
};

const sameFix = 'the same as above';

/** The findings, those in the way first, each with its code, what it is about, its message and its fix. */
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

/** Findings as Markdown: a table, then the fix of each that stands in the way; nothing where there are none. */
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

/** The findings, and whether a migrate could do its work now. */
export const preflightOutput: Output<PreflightResult> = {
  text: (result, style) =>
    textAbout(
      result,
      findingsText(result.findings, style),
      paragraph(conclusion(result)).map(result.ok ? style.green : style.red),
    ),
  markdown: ({ ok, findings }) => [
    `## ${ok ? '✅ protection-flows preflight: nothing' : '❌ protection-flows preflight: something'} stands in the way`,
    '',
    ...(findings.length === 0 ? ['Nothing was found.', ''] : findingsMarkdown(findings)),
  ],
};

function conclusion({ findings }: PreflightResult): string {
  const count = (effect: string): number => findings.filter((finding) => finding.effect === effect).length;
  const [blocking, refused, deferred] = [count('blocking'), count('key-refused'), count('deferred')];
  const left = deferred > 0 ? `, but for ${counted(deferred, 'deferred key')}` : '';
  if (blocking > 0) {
    return `${counted(blocking, 'finding')} would stop migrate before its first statement. Apply the fixes and look again.`;
  }
  if (refused > 0) {
    return `Migrate would leave out ${refused === 1 ? 'a key' : 'some keys'}: ${counted(refused, 'finding')} in the way. Apply the fixes and look again.`;
  }
  return `Nothing stands in the way of migrate${left}.`;
}

const dataOf = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

/**
 * The findings of a result as commands to GitHub's runner, which shows them beside the changes; none where it has none.
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
