import type { VerifyReport } from '../../../verify/report';
import { serverName } from '../counted';
import { escaped, markdownTable, marked, remedyBlock } from './markdown';

/** The proof as Markdown, for a pull request: the verdict, the checks in a table, then each fix. */
export function verifyMarkdown({ ok, verdict, database, server, checks }: VerifyReport): string[] {
  return [
    `## ${ok ? '✅' : '❌'} protection-flows verify: ${verdict}`,
    '',
    `Database ${escaped(database)} on ${serverName(server)}`,
    '',
    ...markdownTable(
      ['Check', 'Status', 'Found'],
      checks.map(({ id, status, summary }) => [`\`${id}\``, marked(status), escaped(summary)]),
    ),
    ...checks.flatMap(({ id, remedy }) =>
      remedy === null ? [] : [`**${id}**, fix:`, '', ...remedyBlock(remedy)],
    ),
  ];
}
