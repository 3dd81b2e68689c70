import { writeFileSync } from 'node:fs';
import { pagePath, writePage, writtenPages } from './docs/pages';
import { print, runScript } from './migrations/run-script';

const help = `Usage: npm run docs

Generates pages of docs/ from the sources: docs/schema.md, and the consequence, details and exit code of each error in
docs/errors.md. A unit test fails if one of them is not current.`;

void runScript(help, async () => {
  for (const page of Object.keys(writtenPages) as (keyof typeof writtenPages)[]) {
    writeFileSync(pagePath(page), await writePage(page));
    print([`docs/${page}`]);
  }
  return 0;
});
