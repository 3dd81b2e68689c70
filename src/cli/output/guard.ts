import type { GuardsResult, GuardsState } from '../../engine/migrate';
import { findingsMarkdown, findingsText } from './findings';
import { heading, tableMarkdown } from './markdown';
import { tableText, type Table } from './table';
import { counted, textAbout, type Output } from './words';
import { paragraph } from './wrap';

/** The state of the guards of a database, in words. */
export const guardStates: Readonly<Record<GuardsState, string>> = {
  absent: 'not installed',
  installed: 'installed',
  partial: 'some are missing: protection-flows guard install adds them',
  altered: 'somebody has altered them: protection-flows guard install restores them',
  unseen: 'unknown, as this user lacks the TRIGGER privilege and sees no trigger',
};

const partsTable = ({ parts }: GuardsResult): Table => ({
  columns: [
    { title: 'Guard' },
    { title: 'Name', elastic: true, holds: 'code' },
    { title: 'Status', holds: 'status' },
    { title: 'Definer' },
  ],
  rows: parts.map(({ kind, table, name, status, definer }) => [
    kind,
    `${table}.${name}`,
    status,
    definer ?? '',
  ]),
});

/** The guards: the state of each object, the findings, and what was done. */
export const guardOutput: Output<GuardsResult> = {
  text: (result, style) =>
    textAbout(
      result,
      tableText(partsTable(result), style),
      findingsText(result.findings, style),
      paragraph(conclusion(result)).map(result.ok ? style.green : style.yellow),
    ),
  markdown: (result) => [
    ...heading(result, `guard: ${result.state}`),
    ...tableMarkdown(partsTable(result)),
    ...findingsMarkdown(result.findings),
  ],
};

function conclusion({ state, changed, findings }: GuardsResult): string {
  const done = changed.length === 0 ? 'Nothing was changed' : `${counted(changed.length, 'object')} changed`;
  const then = state === 'installed' && changed.length > 0 ? '. Then, once: protection-flows recount' : '';
  return findings.length > 0
    ? `${done}: apply the fix and run the command again.`
    : `Guards: ${guardStates[state]}. ${done}${then}.`;
}
