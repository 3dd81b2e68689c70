import { resolve } from 'node:path';
import type { PlannedStatement } from '../../src/engine/migrate';
import type { Flavour } from '../../src/engine/server/server';

const root = resolve(__dirname, '../..');
const typeormCli = resolve(root, 'node_modules/typeorm/cli.js');

/** The names of the contestants; this package is compared with `typeorm`. */
export type ContestantName = 'ours' | 'typeorm' | 'oursByTypeorm' | 'floor';

/** A program that migrates the database of DATABASE_URL. */
export interface Contestant {
  readonly label: string;
  readonly migrate: readonly string[];
  /** The program for a database that it has migrated; default: the same. */
  readonly again?: readonly string[];
}

/** In the order of the tables. */
export const contestants: Readonly<Record<ContestantName, Contestant>> = {
  ours: {
    label: 'protection-flows migrate',
    migrate: [resolve(root, 'dist/cli/main.js'), 'migrate', '--json'],
  },
  oursByTypeorm: {
    label: "TypeORM's CLI, our DataSource",
    migrate: [typeormCli, 'migration:run', '-d', resolve(root, 'dist/data-source.js')],
  },
  typeorm: {
    label: "TypeORM's CLI, plain DataSource",
    migrate: [typeormCli, 'migration:run', '-d', resolve(__dirname, 'plain-data-source.cjs')],
  },
  floor: {
    label: 'mysql2 alone (floor)',
    migrate: [resolve(__dirname, 'plain-statements.cjs')],
    again: [resolve(__dirname, 'plain-history.cjs')],
  },
};

/** The same statements, in the environment of the plain programs. */
export function plainEnvironment(
  flavour: Flavour,
  statements: readonly PlannedStatement[],
): Record<string, string> {
  const migrations = new Map<string, string[]>();
  for (const { migration, sql } of statements)
    migrations.set(migration ?? '', [...(migrations.get(migration ?? '') ?? []), sql]);
  return { BENCH_TYPE: flavour, BENCH_MIGRATIONS: JSON.stringify([...migrations]) };
}
