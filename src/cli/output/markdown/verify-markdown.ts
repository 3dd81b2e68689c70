import type { VerifyReport } from '../../../engine/verify/report';
import { serverName } from '../counted';
import { summaryOf } from '../differences-text';
import { differencesBlock, escaped, markdownTable, marked, remedyBlock } from './markdown';

/** The proof as Markdown, for a pull request: the verdict, the checks in a table, then each fix. */
export function verifyMarkdown({ ok, verdict, database, server, checks }: VerifyReport): string[] {
  return [
    `## ${ok ? '✅' : '❌'} protection-flows verify: ${verdict}`,
    '',
    `Database ${escaped(database)} on ${serverName(server)}`,
    '',
    ...markdownTable(
      ['Check', 'Status', 'Found'],
      checks.map((check) => [`\`${check.id}\``, marked(check.status), escaped(summaryOf(check))]),
    ),
    ...checks.flatMap(({ id, remedy, differences = [] }) =>
      remedy === null
        ? []
        : [`**${id}**, fix:`, '', ...differencesBlock(differences), ...remedyBlock(remedy)],
    ),
  ];
}
