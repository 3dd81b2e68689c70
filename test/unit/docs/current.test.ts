import { currentPage, writePage, writtenPages } from '../../../scripts/docs/pages';

// Without this, the page of a changed column, index or error could become outdated.
it.each(Object.keys(writtenPages) as (keyof typeof writtenPages)[])(
  'docs/%s is as npm run docs writes it',
  async (page) => expect(currentPage(page)).toBe(await writePage(page)),
);
