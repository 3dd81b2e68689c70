import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatSource } from '../migrations/format-source';
import { errorsPage } from './errors-page';
import { schemaPage } from './schema-page';

/** The path of a page. */
export const pagePath = (page: string): string => resolve(__dirname, '../../docs', page);

/** The page as it is now. */
export const currentPage = (page: string): string => readFileSync(pagePath(page), 'utf8');

/** For each generated page of docs/, the function that writes it, given the current page. */
export const writtenPages = { 'schema.md': schemaPage, 'errors.md': errorsPage } as const;

/** Writes a page from its sources, formatted. */
export const writePage = (page: keyof typeof writtenPages): Promise<string> =>
  formatSource(writtenPages[page](page === 'errors.md' ? currentPage(page) : ''), pagePath(page));
