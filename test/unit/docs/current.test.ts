import { currentPage, writePage, writtenPages } from '../../../scripts/docs/pages';

// Without this, a column, an index or an error that is changed leaves its page behind.
it.each(Object.keys(writtenPages) as (keyof typeof writtenPages)[])(
  'docs/%s is as npm run docs writes it',
  async (page) => expect(currentPage(page)).toBe(await writePage(page)),
);
