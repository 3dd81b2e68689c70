import type { AdoptQuestion, AdoptRepair, AdoptResult, Decision } from '../../engine/adopt/results';
import { describeDifference, type Difference } from '../../engine/schema/compare';
import { describeSize } from '../../engine/steps/alter-table';
import { findingsMarkdown, findingsText } from './findings';
import { asCode, escaped, heading, signed, sqlBlock, tableMarkdown } from './markdown';
import { markOf, type Style } from './style';
import { keysTable, tableText } from './table';
import { counted, headed, namesText, textAbout, type Output } from './words';
import { labelled, paragraph } from './wrap';

/** An adopt: its repairs, the open decisions, the keys and its outcome. Lists all differences: other outputs refer to it. */
export const adoptOutput: Output<AdoptResult> = {
  text: (result, style) => {
    const { adopted, repairs, decisions, questions, keys, findings, ok } = result;
    return textAbout(
      result,
      ...repairs.map((repair) => repairText(repair, style)),
      ...decisions.map((decision) => decisionText(decision, style)),
      ...questions.map((question) => questionText(question, style)),
      tableText(keysTable(keys), style),
      findingsText(findings, style),
      namesText(`Recorded ${counted(adopted.length, 'migration')}`, adopted, style),
      paragraph(conclusion(result)).map(ok ? style.green : style.red),
    );
  },
  markdown: (result) => {
    const { adopted, repairs, decisions, questions, keys, findings } = result;
    const open = decisions.length + unanswered(result).length;
    const done = [
      counted(repairs.length, 'repair'),
      ...(open > 0 ? [counted(open, 'decision')] : []),
      `${counted(adopted.length, 'migration')} recorded`,
    ];
    return [
      ...heading(result, `adopt: ${done.join(', ')}`),
      ...repairs.flatMap(repairMarkdown),
      ...decisions.flatMap(decisionMarkdown),
      ...questions.flatMap(questionMarkdown),
      ...tableMarkdown(keysTable(keys, false)),
      ...findingsMarkdown(findings),
      ...adopted.map((name) => `- recorded ${asCode(name)}`),
    ];
  },
};

/** What a repair costs, if it is still to be made. */
const copyOf = ({ copies, status }: AdoptRepair): string | null =>
  copies === null || status === 'repaired'
    ? null
    : `may copy ${copies.table}: ${describeSize(copies)}; its writers wait meanwhile`;

/** The heading of a repair, a decision or a question, by its status. */
const looks = {
  repaired: ['good', 'Repaired'],
  'to-repair': ['open', 'To repair'],
  unanswered: ['bad', 'Yours to decide'],
  answered: ['open', 'Decided'],
  'carried-out': ['good', 'Done as decided'],
} as const;

function titleText(look: keyof typeof looks, about: string, style: Style): string[] {
  const [mood, words] = looks[look];
  return headed(words, `: ${about}`, markOf(mood, style));
}

function titleMarkdown(look: keyof typeof looks, about: string): string[] {
  const [mood, words] = looks[look];
  return [`**${signed(mood, words.toLowerCase())}**: ${escaped(about)}`, ''];
}

const sqlText = (sql: readonly string[]): string[] => sql.map((statement) => `  ${statement};`);

function repairText(repair: AdoptRepair, style: Style): string[] {
  const { title, differences, rows, sql, status } = repair;
  const copy = copyOf(repair);
  return [
    ...titleText(status, title, style),
    ...differences.flatMap((one) => labelled('- ', describeDifference(one))),
    ...(rows > 0
      ? labelled('- ', `${counted(rows, 'row')} with NULL or '0000-00-00' in the place of a default`)
      : []),
    ...(copy === null ? [] : labelled('! ', copy)),
    ...(status === 'repaired' ? [] : sqlText(sql)),
  ];
}

const decisionText = ({ differences, reason, look, choices }: Decision, style: Style): string[] => [
  ...titleText('unanswered', reason, style),
  ...differences.flatMap((one) => labelled('- ', describeDifference(one))),
  ...(look === null ? [] : ['  -- To see the rows:', ...sqlText([look])]),
  ...choices.flatMap(({ does, sql }) => [...labelled('', `-- This ${does}:`), ...sqlText(sql)]),
];

const unanswered = ({ questions }: AdoptResult): AdoptQuestion[] =>
  questions.filter(({ status }) => status === 'unanswered');

/** `Nightly: 2026-11-27T02:00:00.000Z`. */
const rowsOf = ({ rows }: AdoptQuestion): string[] =>
  rows.map(({ name, next, reason }) => `${name}: ${next?.toISOString() ?? `no next run, ${reason}`}`);

/** Each choice of a question, or the one that was given: its option and its effect. */
const optionsOf = ({ choices, answer }: AdoptQuestion): string[] =>
  choices
    .filter((choice) => answer === null || choice.answer === answer)
    .map(({ option, does }) => `${option} ${does}`);

const questionText = (question: AdoptQuestion, style: Style): string[] => [
  ...titleText(question.status, question.asks, style),
  ...rowsOf(question).flatMap((row) => labelled('- ', row)),
  ...optionsOf(question).flatMap((option) => labelled('', option)),
];

const questionMarkdown = (question: AdoptQuestion): string[] => [
  ...titleMarkdown(question.status, question.asks),
  ...rowsOf(question).map((row) => `- ${escaped(row)}`),
  '',
  ...optionsOf(question).flatMap((option) => [escaped(option), '']),
];

const listed = (differences: readonly Difference[]): string[] =>
  differences.length === 0 ? [] : [...differences.map((one) => `- ${escaped(describeDifference(one))}`), ''];

function repairMarkdown(repair: AdoptRepair): string[] {
  const { title, differences, sql, status } = repair;
  const copy = copyOf(repair);
  return [
    ...titleMarkdown(status, title),
    ...listed(differences),
    ...(copy === null ? [] : [escaped(`It ${copy}.`), '']),
    ...(status === 'repaired' ? [] : sqlBlock(sql)),
  ];
}

const decisionMarkdown = ({ reason, differences, look, choices }: Decision): string[] => [
  ...titleMarkdown('unanswered', reason),
  ...listed(differences),
  ...(look === null ? [] : sqlBlock([look])),
  ...choices.flatMap(({ does, sql }) => [`This ${escaped(does)}:`, '', ...sqlBlock(sql)]),
];

function conclusion(result: AdoptResult): string {
  const { ok, recorded, adopted, repairs, decisions, questions, keys, findings } = result;
  const open = unanswered(result);
  if (decisions.length + open.length > 0) {
    const options = open.map(({ choices }) => `, with ${choices.map(({ option }) => option).join(' or ')}`);
    return `Nothing was changed: ${counted(decisions.length + open.length, 'decision')} to take first. Then adopt again${options.join('')}.`;
  }
  if (!ok) {
    if (findings.some(({ effect }) => effect === 'blocking'))
      return 'Not adopted: see the findings. Apply the fixes and adopt again.';
    const left = repairs.filter(({ status }) => status === 'to-repair').length;
    const given = questions.flatMap(({ choices, answer }) => choices.filter((one) => one.answer === answer));
    if (left > 0)
      return `Not adopted: ${counted(left, 'repair')} to make. To carry them out: ${['protection-flows adopt --repair', ...given.map(({ option }) => option)].join(' ')}`;
    if (!recorded) return 'Not adopted: it was a dry run. Nothing blocks it.';
    const refused = keys.filter(({ status }) => status === 'refused').length;
    return `Adopted, except for ${counted(refused, 'refused key')}: apply the fix, then migrate.`;
  }
  if (adopted.length > 0) return 'Adopted. To prove it: protection-flows verify';
  return repairs.length > 0
    ? 'Repaired.'
    : 'Nothing to adopt: every migration is recorded, and nothing differs.';
}
