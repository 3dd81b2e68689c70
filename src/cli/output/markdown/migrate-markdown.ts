import type { MigratePlan, MigrateResult, StatusResult } from '../../../migrator/results';
import { counted, serverName } from '../counted';
import { findingsMarkdown } from './findings-markdown';
import { codeBlock, escaped, markdownTable, marked } from './markdown';

const keysTable = (keys: readonly { readonly name: string; readonly status: string }[]): string[] =>
  markdownTable(
    ['Foreign key', 'Status'],
    keys.map(({ name, status }) => [`\`${name}\``, marked(status)]),
  );

const heading = (ok: boolean, title: string): string[] => [
  `## ${ok ? '✅' : '❌'} protection-flows ${title}`,
  '',
];

function done(applied: MigrateResult['applied'], keys: MigrateResult['keys']): string {
  const added = keys.filter(({ status }) => status === 'added').length;
  const parts = [
    ...(applied.length > 0 ? [`${counted(applied.length, 'migration')} applied`] : []),
    ...(added > 0 ? [`${counted(added, 'key')} added`] : []),
  ];
  return parts.join(', ') || 'nothing to do';
}

/** What a migrate did, as Markdown. */
export function migrateMarkdown({ ok, applied, keys, findings }: MigrateResult): string[] {
  return [
    ...heading(ok, `migrate: ${done(applied, keys)}`),
    ...applied.map((name) => `- \`${name}\``),
    ...(applied.length > 0 ? [''] : []),
    ...keysTable(keys),
    ...(findings.length === 0 ? [] : findingsMarkdown(findings)),
  ];
}

/** What a migrate would do, as Markdown. */
export function planMarkdown({ ok, pending, statements, keys, findings }: MigratePlan): string[] {
  const script = statements.map(({ step, sql }) => `-- ${step}\n${sql};`).join('\n');
  return [
    ...heading(
      ok,
      `migrate --plan: ${counted(pending.length, 'migration')}, ${counted(statements.length, 'statement')}`,
    ),
    ...keysTable(keys),
    ...(findings.length === 0 ? [] : findingsMarkdown(findings)),
    ...(statements.length === 0 ? [] : codeBlock(script, 'sql')),
  ];
}

/** The state of a database, as Markdown. */
export function statusMarkdown({ ok, database, server, migrations, keys }: StatusResult): string[] {
  return [
    ...heading(ok, `status: ${ok ? 'up to date' : 'not up to date'}`),
    `Database ${escaped(database)} on ${serverName(server)}`,
    '',
    ...markdownTable(
      ['Migration', 'Status', 'Applied'],
      migrations.map(({ name, status, appliedAt }) => [
        `\`${escaped(name)}\``,
        marked(status),
        appliedAt ?? '',
      ]),
    ),
    ...keysTable(keys),
  ];
}
