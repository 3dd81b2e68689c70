import type { MigratePlan, MigrateResult } from '../../engine/migrate/results';
import { describeSize, type TableSize } from '../../engine/steps/alter-table';
import { findingsMarkdown, findingsText } from './findings';
import { asCode, codeBlock, escaped, heading, namesMarkdown, tableMarkdown } from './markdown';
import type { Style } from './style';
import { keysTable, tableText } from './table';
import { counted, countedAll, namesText, textAbout, type Output } from './words';
import { labelled, narrowed, paragraph } from './wrap';

/** A migrate: the applied migrations, every key, the findings, and its outcome. */
export const migrateOutput: Output<MigrateResult> = {
  text: (result, style) => {
    const { ok, applied, keys, findings } = result;
    return textAbout(
      result,
      applied.length === 0
        ? ['No migration was applied.']
        : namesText(`Applied ${counted(applied.length, 'migration')}`, applied, style),
      tableText(keysTable(keys), style),
      findingsText(findings, style),
      paragraph(conclusion(result)).map(ok ? style.green : style.red),
    );
  },
  markdown: (result) => {
    const { applied, keys, findings } = result;
    const added = keys.filter(({ status }) => status === 'added').length;
    const done = [
      ...(applied.length > 0 ? [`${counted(applied.length, 'migration')} applied`] : []),
      ...(added > 0 ? [`${counted(added, 'key')} added`] : []),
    ];
    return [
      ...heading(result, `migrate: ${done.join(', ') || 'nothing to do'}`),
      ...namesMarkdown(applied),
      ...tableMarkdown(keysTable(keys, false)),
      ...findingsMarkdown(findings),
    ];
  },
};

function conclusion({ ok, applied, keys, findings }: MigrateResult): string {
  const count = (wanted: string): number => keys.filter(({ status }) => status === wanted).length;
  if (!ok) {
    const blocking = findings.filter(({ effect }) => effect === 'blocking').length;
    const reasons = countedAll([blocking, 'finding'], [count('refused'), 'refused key']);
    return `Not done: ${reasons || 'something is left to do'}. Apply the fixes and migrate again.`;
  }
  if (count('deferred') > 0) {
    return `Done, except for ${counted(count('deferred'), 'deferred key')}: migrate again once the parent table exists.`;
  }
  return applied.length > 0 || count('added') > 0 ? 'Done.' : 'Nothing to do: the schema is up to date.';
}

type Statements = MigratePlan['statements'];

const comment = '-- ';

/** The plan of a migrate, as an SQL script. */
export const planOutput: Output<MigratePlan> = {
  text: (plan, style) =>
    scriptText(plan.statements, style, () =>
      textAbout(
        plan,
        paragraph(title(plan)).map(style.bold),
        tableText(keysTable(plan.keys), style),
        findingsText(plan.findings, style),
        rollingText(plan.pending.length, plan.breaking),
        paragraph(
          plan.ok
            ? 'Nothing was changed. To carry it out, give the same command without --plan and --out.'
            : 'Nothing was changed. It cannot be carried out now: see the findings.',
        ),
      ),
    ),
  markdown: (plan) => [
    ...heading(plan, `migrate --plan: ${amountOf(plan.pending.length, plan.statements)}`),
    ...rollingMarkdown(plan.pending.length, plan.breaking),
    ...tableMarkdown(keysTable(plan.keys)),
    ...findingsMarkdown(plan.findings),
    ...scriptMarkdown(plan.statements),
  ],
};

function title({ pending, statements }: MigratePlan): string {
  if (statements.length === 0 && pending.length === 0) return 'The plan: nothing to do';
  return `The plan: ${amountOf(pending.length, statements)}`;
}

/** `2 migrations, 3 statements`. */
export const amountOf = (migrations: number, statements: Statements): string =>
  `${counted(migrations, 'migration')}, ${counted(statements.length, 'statement')}`;

/**
 * A plan as an SQL script. The statements stand as they would be executed, below the title of their step. All other lines
 * are comments, so that the whole text can be given to a client.
 */
export function scriptText(statements: Statements, style: Style, head: () => string[]): string[] {
  const lines = narrowed(comment.length, head).map((line) => `${comment}${line}`.trimEnd());
  let previous: Statements[number] | undefined;
  for (const statement of statements) {
    const { migration, step, sql, copies } = statement;
    const isNewMigration = previous?.migration !== migration;
    if (isNewMigration) lines.push('', ...commented(migration ?? 'Missing keys').map(style.bold));
    if (isNewMigration || previous?.step !== step) lines.push(...commented(step));
    if (copies !== null) lines.push(...commented(copyNote(copies)));
    if ('seconds' in statement)
      lines.push(...commented(`One scan of the table takes ${String(statement.seconds)} s`));
    lines.push(terminated(sql));
    previous = statement;
  }
  return lines;
}

/** The same in Markdown. */
export const scriptMarkdown = (statements: Statements): string[] =>
  codeBlock(
    statements
      .map(
        ({ step, sql, copies }) =>
          `${comment}${step}${copies ? ` (copies ${describeSize(copies)}; writers wait)` : ''}\n${terminated(sql)}`,
      )
      .join('\n'),
    'sql',
  );

const copyNote = (size: TableSize & { table: string }): string =>
  `Copies ${size.table}: ${describeSize(size)}; its writers wait meanwhile`;

/** A text as SQL comments, each of its lines one. */
const commented = (text: string): string[] =>
  labelled(comment, text, 0).map((line) => (line.startsWith(comment) ? line : comment + line.trimStart()));

function terminated(sql: string): string {
  const trimmed = sql.trim();
  return trimmed.endsWith(';') ? trimmed : `${trimmed};`;
}

/** Why each of some pending migrations breaks programs of the previous release, by name. */
export type Breaking = Readonly<Record<string, string>>;

const notBreaking = 'Programs of the previous release go on working before, during and after it.';

/** Says whether programs of the previous release can run while and after the pending migrations are applied. */
export function rollingText(pending: number, breaking: Breaking): string[] {
  if (pending === 0) return [];
  const texts = Object.entries(breaking);
  if (texts.length === 0) return paragraph(notBreaking);
  return texts.flatMap(([name, text]) => [...labelled('BREAKING: ', name, 0), ...labelled('', text)]);
}

/** The same in Markdown. */
export function rollingMarkdown(pending: number, breaking: Breaking): string[] {
  if (pending === 0) return [];
  const texts = Object.entries(breaking);
  if (texts.length === 0) return [notBreaking, ''];
  return [...texts.map(([name, text]) => `- ❌ **breaking**: ${asCode(name)}: ${escaped(text)}`), ''];
}
