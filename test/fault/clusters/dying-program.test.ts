import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeOnCluster } from '../../support/use-cluster';
import { isAlive } from '../../support/is-alive';
import { waitFor } from '../../support/wait-for';

const program = join(__dirname, '..', '..', 'fixtures', 'program-with-cluster.ts');
const register = join(__dirname, '..', '..', 'support', 'register-swc.js');

interface Node {
  readonly pid: number;
  readonly directory: string;
}

// Guards against nodes and folders that pile up on a developer's machine, also paused nodes.
describeOnCluster('a cluster whose program is killed', () => {
  it('disappears with all nodes and their folders', async () => {
    const child = spawn(process.execPath, ['-r', register, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const nodes = JSON.parse(line) as Node[];
    expect(nodes.map(({ pid }) => isAlive(pid))).toEqual([true, true, true]);
    process.kill(nodes[2]!.pid, 'SIGSTOP');
    child.kill('SIGKILL');
    await waitFor(() => nodes.every(({ pid, directory }) => !isAlive(pid) && !existsSync(directory)), {
      timeoutMs: 30_000,
    });
  });
});
