import { writeFileSync } from 'node:fs';
import { pagePath, writePage, writtenPages } from './docs/pages';
import { print, runScript } from './migrations/run-script';

const help = `Usage: npm run docs

Writes what the pages of docs/ have from the sources: docs/schema.md, and of docs/errors.md each code's consequence, details
and exit code. A unit test fails where one of them is not current.`;

void runScript(help, async () => {
  for (const page of Object.keys(writtenPages) as (keyof typeof writtenPages)[]) {
    writeFileSync(pagePath(page), await writePage(page));
    print([`docs/${page}`]);
  }
  return 0;
});
