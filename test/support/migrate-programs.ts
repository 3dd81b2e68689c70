import { resolve } from 'node:path';
import { packageFolder } from './run-program';

const inPackage = (path: string): string => resolve(packageFolder, path);

/** The arguments with which Node migrates the database of DATABASE_URL, compiled: by our command line, or TypeORM's. */
export const migratePrograms = {
  ours: [inPackage('dist/cli/main.js'), 'migrate', '--json'],
  typeorm: [inPackage('node_modules/typeorm/cli.js'), 'migration:run', '-d', 'dist/data-source.js'],
} as const;

/** For the nth of several processes: every other one is TypeORM's. */
export const migrateProgram = (nth: number): readonly string[] =>
  nth % 2 === 0 ? migratePrograms.ours : migratePrograms.typeorm;
