import { resolve } from 'node:path';
import { createThrowAwayDatabase, type PrivateServer } from '../../src/testing';
import { measureProcess, type ProcessRun } from '../support/measure-process';
import { programOf } from './install';
import type { ProcessRuns } from './measure-processes';

const root = resolve(__dirname, '../..');
/** The folder in which the tools run, with their configuration and one migration. */
const folder = resolve(__dirname, 'command-lines');
const config = (name: string): string => resolve(folder, name);

/** A tool's programs: the first migrates its database, then each is measured with nothing to do. */
interface CommandLine {
  readonly up: readonly string[];
  readonly measured: Readonly<Record<string, readonly string[]>>;
}

const prisma = [programOf('prisma/build/index.js'), 'migrate'];
const prismaConfig = ['--config', config('prisma.config.ts')];
const drizzle = [programOf('drizzle-kit/bin.cjs'), 'migrate', '--config', config('drizzle.config.ts')];
const mikroOrm = (command: string) => [
  programOf('@mikro-orm/cli/cli.js'),
  command,
  '--config',
  config('mikro-orm.config.cjs'),
];
const sequelize = (command: string, url: string) => [
  programOf('sequelize-cli/lib/sequelize'),
  command,
  '--url',
  url,
  '--migrations-path',
  config('sequelize'),
];
const typeorm = (command: string) => [
  resolve(root, 'node_modules/typeorm/cli.js'),
  command,
  '-d',
  resolve(__dirname, '../migrate/plain-data-source.cjs'),
];
const ours = (command: string) => [resolve(root, 'dist/cli/main.js'), command, '--json'];

const commandLines = (url: string): Readonly<Record<string, CommandLine>> => ({
  ours: {
    up: ours('migrate'),
    measured: {
      'ours: status': ours('status'),
      'ours: migrate': ours('migrate'),
      'ours: verify': ours('verify'),
    },
  },
  typeorm: {
    up: typeorm('migration:run'),
    measured: {
      'typeorm migration:show': typeorm('migration:show'),
      'typeorm migration:run': typeorm('migration:run'),
    },
  },
  drizzle: { up: drizzle, measured: { 'drizzle-kit migrate': drizzle } },
  mikroOrm: {
    up: mikroOrm('migration:up'),
    measured: {
      'mikro-orm migration:pending': mikroOrm('migration:pending'),
      'mikro-orm migration:up': mikroOrm('migration:up'),
    },
  },
  sequelize: {
    up: sequelize('db:migrate', url),
    measured: {
      'sequelize-cli db:migrate:status': sequelize('db:migrate:status', url),
      'sequelize-cli db:migrate': sequelize('db:migrate', url),
    },
  },
  prisma: {
    up: [...prisma, 'deploy', ...prismaConfig],
    measured: {
      'prisma migrate status': [...prisma, 'status', ...prismaConfig],
      'prisma migrate deploy': [...prisma, 'deploy', ...prismaConfig],
    },
  },
});

/** The environment of a tool's programs. */
const environment = (url: string, flavour: string): Record<string, string> => ({
  DATABASE_URL: url,
  BENCH_TYPE: flavour,
  // Its configuration is JavaScript, as in a deployed program
  MIKRO_ORM_CLI_USE_TS_NODE: '0',
  BENCH_MIGRATIONS: '[["First1767225600000",["CREATE TABLE first (id INT PRIMARY KEY)"]]]',
  ...(process.env.PRISMA_SCHEMA_ENGINE_BINARY && {
    PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY,
  }),
});

/** The measurements, and which tools could not be measured, with the reason. */
export interface CommandLineRuns {
  readonly runs: ProcessRuns;
  readonly missing: readonly string[];
}

/** Runs every command line with nothing to do, in turns; every tool has a database of its own. */
export async function measureCommandLines(server: PrivateServer, rounds: number): Promise<CommandLineRuns> {
  const runs = new Map<string, ProcessRun[]>();
  const programs: { label: string; args: readonly string[]; env: Record<string, string> }[] = [
    { label: 'node alone', args: ['-e', ''], env: {} },
  ];
  const missing: string[] = [];
  const names = Object.keys(commandLines(''));
  for (const name of names) {
    const { url } = await createThrowAwayDatabase(server);
    const { up, measured } = commandLines(url)[name]!;
    const env = environment(url, server.flavour);
    try {
      await measureProcess(up, env, 0, folder);
      for (const [label, args] of Object.entries(measured)) programs.push({ label, args, env });
    } catch (error) {
      const lines = (error as Error).message.split('\n');
      missing.push(`${name}: ${lines.find((line) => line.startsWith('Error')) ?? lines[0]}`);
    }
  }
  for (let round = 0; round <= rounds; round += 1)
    for (const { label, args, env } of round % 2 === 0 ? programs : [...programs].reverse()) {
      const run = await measureProcess(args, env, 0, folder);
      if (round > 0) runs.set(label, [...(runs.get(label) ?? []), run]);
    }
  return { runs, missing };
}
