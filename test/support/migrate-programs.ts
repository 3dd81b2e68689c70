import { resolve } from 'node:path';
import { packageFolder } from './run-program';

const inPackage = (path: string): string => resolve(packageFolder, path);

/** Node's arguments for a migrate of the database of DATABASE_URL with the compiled code: our command line, or TypeORM's. */
export const migratePrograms = {
  ours: [inPackage('dist/cli/main.js'), 'migrate', '--json'],
  typeorm: [inPackage('node_modules/typeorm/cli.js'), 'migration:run', '-d', 'dist/data-source.js'],
} as const;

/** Returns the arguments for the nth of several processes: every second one uses TypeORM's command line. */
export const migrateProgram = (nth: number): readonly string[] =>
  nth % 2 === 0 ? migratePrograms.ours : migratePrograms.typeorm;
