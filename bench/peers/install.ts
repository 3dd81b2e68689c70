import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const folder = resolve(__dirname);

/** The path of a program of the other tools' packages. */
export const programOf = (path: string): string => resolve(folder, 'node_modules', path);

/**
 * To write its client, Prisma wants a database's address and the binary of its schema engine, which it would download. It
 * uses neither.
 */
const forPrisma = { DATABASE_URL: 'mysql://unused/unused', PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };

function run(program: string, ...args: string[]): void {
  const { status, error } = spawnSync(program, args, {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ...forPrisma },
  });
  if (status !== 0)
    throw new Error(
      `${[program, ...args].join(' ')} in bench/peers ended with ${status ?? error?.message}, so nothing is measured. ` +
        'Mend what it names and type the same command again.',
    );
}

/**
 * Installs missing packages of the other tools without their install scripts, which download binaries that nothing here
 * needs. Then lets Prisma write its client.
 */
export function installPeers(): void {
  if (!existsSync(programOf('.package-lock.json'))) run('npm', 'ci', '--ignore-scripts', '--loglevel=error');
  if (existsSync(resolve(folder, 'generated'))) return;
  run(
    process.execPath,
    programOf('prisma/build/index.js'),
    'generate',
    '--no-hints',
    '--config',
    'command-lines/prisma.config.ts',
  );
}
