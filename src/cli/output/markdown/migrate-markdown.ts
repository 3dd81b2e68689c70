import type { MigratePlan, MigrateResult, StatusResult, Where } from '../../../engine/migrate/results';
import { describeSize } from '../../../engine/steps/table-size';
import { counted, serverName } from '../counted';
import { breakingOf, notBreaking } from '../rolling-text';
import { findingsMarkdown } from './findings-markdown';
import { codeBlock, escaped, markdownTable, marked } from './markdown';

/** The declared keys with the status of each. */
export const keysTable = (keys: readonly { readonly name: string; readonly status: string }[]): string[] =>
  markdownTable(
    ['Foreign key', 'Status'],
    keys.map(({ name, status }) => [`\`${name}\``, marked(status)]),
  );

/** The heading of a result, and which database it is about. */
export const heading = ({ ok, database, server }: Where & { ok: boolean }, title: string): string[] => [
  `## ${ok ? '✅' : '❌'} protection-flows ${title}`,
  '',
  `Database ${escaped(database)} on ${serverName(server)}`,
  '',
];

/** What the pending migrations mean for programs of the previous release. */
function rolling(pending: number, breaking: Readonly<Record<string, string>>): string[] {
  if (pending === 0) return [];
  const texts = Object.entries(breaking);
  if (texts.length === 0) return [notBreaking, ''];
  return [...texts.map(([name, text]) => `- ❌ **breaking**: \`${escaped(name)}\`: ${escaped(text)}`), ''];
}

function done(applied: MigrateResult['applied'], keys: MigrateResult['keys']): string {
  const added = keys.filter(({ status }) => status === 'added').length;
  const parts = [
    ...(applied.length > 0 ? [`${counted(applied.length, 'migration')} applied`] : []),
    ...(added > 0 ? [`${counted(added, 'key')} added`] : []),
  ];
  return parts.join(', ') || 'nothing to do';
}

/** What a migrate did, as Markdown. */
export function migrateMarkdown(result: MigrateResult): string[] {
  const { applied, keys, findings } = result;
  return [
    ...heading(result, `migrate: ${done(applied, keys)}`),
    ...applied.map((name) => `- \`${name}\``),
    ...(applied.length > 0 ? [''] : []),
    ...keysTable(keys),
    ...(findings.length === 0 ? [] : findingsMarkdown(findings)),
  ];
}

/** What a migrate would do, as Markdown. */
export function planMarkdown(plan: MigratePlan): string[] {
  const { pending, breaking, statements, keys, findings } = plan;
  const script = statements
    .map(
      ({ step, sql, copies }) =>
        `-- ${step}${copies ? ` (copies ${describeSize(copies)}; writers wait)` : ''}\n${sql};`,
    )
    .join('\n');
  return [
    ...heading(
      plan,
      `migrate --plan: ${counted(pending.length, 'migration')}, ${counted(statements.length, 'statement')}`,
    ),
    ...rolling(pending.length, breaking),
    ...keysTable(keys),
    ...(findings.length === 0 ? [] : findingsMarkdown(findings)),
    ...(statements.length === 0 ? [] : codeBlock(script, 'sql')),
  ];
}

/** The state of a database, as Markdown. */
export function statusMarkdown(status: StatusResult): string[] {
  const { ok, migrations, keys } = status;
  return [
    ...heading(status, `status: ${ok ? 'up to date' : 'not up to date'}`),
    ...markdownTable(
      ['Migration', 'Status', 'Applied'],
      migrations.map(({ name, status: state, appliedAt }) => [
        `\`${escaped(name)}\``,
        marked(state),
        appliedAt ?? '',
      ]),
    ),
    ...rolling(migrations.filter((one) => one.status === 'pending').length, breakingOf(migrations)),
    ...keysTable(keys),
  ];
}
