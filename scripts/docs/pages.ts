import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatSource } from '../migrations/format-source';
import { errorsPage } from './errors-page';
import { schemaPage } from './schema-page';

/** Where a page lies. */
export const pagePath = (page: string): string => resolve(__dirname, '../../docs', page);

/** The page as it lies there. */
export const currentPage = (page: string): string => readFileSync(pagePath(page), 'utf8');

/** What writes each page of docs/ that is made from the sources, given the page as it is. */
export const writtenPages = { 'schema.md': schemaPage, 'errors.md': errorsPage } as const;

/** A page as its sources want it, in the house's format. */
export const writePage = (page: keyof typeof writtenPages): Promise<string> =>
  formatSource(writtenPages[page](page === 'errors.md' ? currentPage(page) : ''), pagePath(page));
