import type { StatusResult } from '../../engine/migrate/results';
import { escaped, heading, tableMarkdown } from './markdown';
import { rollingMarkdown, rollingText, type Breaking } from './migrate';
import { keysTable, tableText, type Table } from './table';
import { counted, countedAll, textAbout, type Output } from './words';
import { guardStates } from './guard';
import { paragraph } from './wrap';

const historyTable = (
  { migrations }: StatusResult,
  applied: string,
  timeOf: (appliedAt: string) => string,
): Table => ({
  columns: [
    { title: 'Migration', elastic: true, holds: 'code' },
    { title: 'Status', holds: 'status' },
    { title: applied },
  ],
  rows: migrations.map(({ name, status, appliedAt }) => [
    name,
    status,
    appliedAt === null ? '' : timeOf(appliedAt),
  ]),
});

/** The state of a database: each migration, each key, the guards, and what to do next. */
export const statusOutput: Output<StatusResult> = {
  text: (status, style) =>
    textAbout(
      status,
      tableText(historyTable(status, 'Applied (UTC)', moment), style),
      tableText(keysTable(status.keys), style),
      guardsText(status),
      rollingText(...pendingOf(status)),
      paragraph(conclusion(status)),
    ),
  markdown: (status) => [
    ...heading(status, `status: ${status.ok ? 'up to date' : 'not up to date'}`),
    ...tableMarkdown(historyTable(status, 'Applied', (isoTime) => isoTime)),
    ...rollingMarkdown(...pendingOf(status)),
    ...tableMarkdown(keysTable(status.keys)),
    ...guardsText(status).flatMap((line) => [escaped(line), '']),
  ],
};

const guardsText = ({ guards }: StatusResult): string[] =>
  guards === 'absent' ? [] : paragraph(`Guards: ${guardStates[guards]}`);

/** The number of pending migrations, and those of them that break older programs. */
function pendingOf({ migrations }: StatusResult): [number, Breaking] {
  const pending = migrations.filter(({ status }) => status === 'pending');
  const breaking = pending.flatMap(({ name, breaking: why }) =>
    typeof why === 'string' ? [[name, why] as const] : [],
  );
  return [pending.length, Object.fromEntries(breaking)];
}

/** `2026-11-27 13:04:05`. */
export const moment = (isoTime: string): string => isoTime.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');

function conclusion({ ok, migrations, keys }: StatusResult): string {
  const count = (state: string): number =>
    [...migrations, ...keys].filter(({ status }) => status === state).length;
  if (count('unknown') > 0) {
    return `The history names ${counted(count('unknown'), 'migration')} that this version does not know: update the package.`;
  }
  const toDo = countedAll([count('pending'), 'pending migration'], [count('missing'), 'missing key']);
  if (toDo !== '') return `${toDo}. To apply: protection-flows migrate`;
  if (count('deferred') > 0) {
    return `Up to date, except for ${counted(count('deferred'), 'deferred key')}: migrate again once the parent table exists.`;
  }
  return ok ? 'Up to date. To prove it: protection-flows verify' : 'Not up to date.';
}
