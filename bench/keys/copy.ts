import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { serverOf } from '../../src/testing/connection-url';
import { addKeySql } from './key';

/** Percona's tool for changing busy tables: it fills a copy, and replaces the table by it. */
export const copyProgram = 'pt-online-schema-change';

/** Whether it is in the PATH. `npm run setup:engines` installs it. */
export const hasCopyProgram = (): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, copyProgram)));

/** Its arguments to add the key, as in its manual; the server has no replicas to look for. */
export function copyArguments(url: string): string[] {
  const { host, port, username, password } = serverOf(url);
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const login = [`h=${host}`, `P=${port}`, `u=${username}`, ...(password ? [`p=${password}`] : [])];
  return [
    '--alter',
    addKeySql.replace('ALTER TABLE protection_flow_executions ', ''),
    '--alter-foreign-keys-method=auto',
    '--recursion-method=none',
    '--quiet',
    '--execute',
    [...login, `D=${database}`, 't=protection_flow_executions'].join(','),
  ];
}
