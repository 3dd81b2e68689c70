import { spawn } from 'node:child_process';
import { createConnection } from 'mysql2/promise';
import { clock } from '../support/clock';
import { loadShipped } from '../support/shipped';
import type { ContestantMessage, DdlName, Run } from './contestant-messages';
import { copyArguments, copyProgram } from './copy';
import { addKeySql, keyName } from './key';

type Ready = () => Promise<Run>;

/** `migrate` of the shipped package, called as a program calls it. */
async function ours(url: string): Promise<Ready> {
  const { createDataSource, migrate } = loadShipped();
  const dataSource = await createDataSource({ env: { DATABASE_URL: url } }).initialize();
  return async () => {
    const from = clock();
    const { keys, findings } = await migrate(dataSource);
    const to = clock();
    const key = keys.find(({ name }) => name === keyName);
    if (key?.status !== 'added') throw new Error(`${keyName} is ${key?.status}: ${JSON.stringify(findings)}`);
    return { from, to, keyMs: key.ms };
  };
}

async function statements(url: string, sqls: readonly string[]): Promise<Ready> {
  const connection = await createConnection(url);
  return async () => {
    const from = clock();
    for (const sql of sqls) await connection.query(sql);
    return { from, to: clock() };
  };
}

/** The whole program: it connects by itself. */
async function copy(url: string): Promise<Ready> {
  return async () => {
    const from = clock();
    const child = spawn(copyProgram, copyArguments(url), { stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (data: Buffer) => (told += data.toString()));
    const exitCode = await new Promise<number | null>((settle, fail) =>
      child.on('close', settle).on('error', fail),
    );
    if (exitCode !== 0) throw new Error(`${copyProgram} ended with ${exitCode}: ${told}`);
    return { from, to: clock() };
  };
}

const contestants: Readonly<Record<DdlName, (url: string) => Promise<Ready>>> = {
  ours,
  copy,
  plain: (url) => statements(url, ['SET foreign_key_checks = 1', addKeySql]),
  floor: (url) =>
    statements(url, ['SET foreign_key_checks = 0', `${addKeySql}, ALGORITHM=INPLACE, LOCK=NONE`]),
};

const tell = (message: ContestantMessage): void => void process.send?.(message);

async function main(): Promise<void> {
  const name = process.argv[2] as DdlName;
  const run = await contestants[name](process.env.DATABASE_URL ?? '');
  process.on('message', () => void run().then((measured) => tell({ is: 'done', run: measured })));
  tell({ is: 'ready' });
}

process.on('disconnect', () => process.exit());
void main();
