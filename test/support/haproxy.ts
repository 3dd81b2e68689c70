import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findFreePort } from '../../src/testing/server-place';
import type { ClusterNode } from './cluster-node';
import { temporaryFolder } from './temporary-folder';
import { waitFor } from './wait-for';

/** Debian's path; `npm run setup:engines` installs it. */
const program = '/usr/sbin/haproxy';

/** A proxy that connects each client to the first running node of a cluster. */
export interface Haproxy {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The usual settings for a writer's address: the other nodes are backups, and sessions of a failed node are closed. */
function settings(port: number, nodes: readonly ClusterNode[]): string {
  const servers = nodes.map(
    ({ host, port: at }, index) =>
      `  server node-${index + 1} ${host}:${at} check inter 500 fall 2 rise 2 on-marked-down shutdown-sessions${index === 0 ? '' : ' backup'}`,
  );
  return `defaults
  mode tcp
  timeout connect 2s
  timeout client 5m
  timeout server 5m
listen writer
  bind 127.0.0.1:${port}
${servers.join('\n')}
`;
}

/** Starts HAProxy in front of the nodes. A connection through it works when the promise resolves. */
export async function startHaproxy(nodes: readonly ClusterNode[]): Promise<Haproxy> {
  const [first] = nodes;
  const port = await findFreePort();
  const file = join(temporaryFolder(), 'haproxy.cfg');
  await writeFile(file, settings(port, nodes));
  const child = spawn(program, ['-db', '-f', file], { stdio: 'ignore' });
  child.on('error', () => undefined);
  const stop = async (): Promise<void> => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  try {
    await waitFor(async () => {
      const { username: user, password } = first!;
      const connection = await createConnection({ host: '127.0.0.1', port, user, password });
      await connection.end();
      return true;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: '127.0.0.1', port, stop };
}
