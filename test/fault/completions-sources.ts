import { createDataSource } from '../../src/typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { createRepositories, type Repositories } from '../../src/repositories';
import type { TestDatabase } from '../support/database';

/** One of several programs on the same database, with its own DataSource and connections. */
export interface Program {
  /** Its number, from 0. */
  readonly index: number;
  readonly repositories: Repositories;
}

/** Registers hooks that connect a number of programs, each with a number of connections. */
export function usePrograms(
  database: TestDatabase,
  count: number,
  poolSize: number,
): () => readonly Program[] {
  let sources: ProtectionFlowsDataSource[] = [];
  beforeAll(async () => {
    sources = Array.from({ length: count }, () => createDataSource({ ...database.settings, poolSize }));
    for (const source of sources) await source.initialize();
  });
  afterAll(async () => {
    for (const source of sources) if (source.isInitialized) await source.destroy();
    sources = [];
  });
  return () => sources.map((source, index) => ({ index, repositories: createRepositories(source) }));
}

/** Works through the items in order, a given number at a time. */
export async function atOnce<Item>(
  workers: number,
  items: readonly Item[],
  work: (item: Item, worker: number) => Promise<unknown>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      for (const item of left) await work(item, worker);
    }),
  );
}

/**
 * SQL for a table `i` whose column `n` holds 0 to count - 1. It cross-joins digits, because on some servers a recursive query
 * ends at a thousand rows by default.
 */
export function numbers(count: number): string {
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].reduce(
    (all, n) => `${all} UNION ALL SELECT ${n}`,
    'SELECT 0 AS d',
  );
  const places = Math.max(1, Math.ceil(Math.log10(count)));
  const tables = Array.from({ length: places }, (_, place) => `(${digits}) d${place}`).join(', ');
  const sum = Array.from({ length: places }, (_, place) => `d${place}.d * ${10 ** place}`).join(' + ');
  return `(SELECT n FROM (SELECT ${sum} AS n FROM ${tables}) counted WHERE n < ${count}) i`;
}
