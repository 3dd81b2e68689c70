import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/**
 * Its input ends when the parent is gone, however it went: then the watched process goes with all of its group, such as
 * the scripts by which a Galera node sends its data, and the folder too.
 */
const script = `
trap '' INT TERM HUP QUIT
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -9 "-$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
fi
rm -rf "$0" || { sleep 1; rm -rf "$0"; }`;

/**
 * A process in a session of its own that outlives this one, out of reach of the terminal's Ctrl-C, just long
 * enough to end one process and remove one folder. It does not keep this process alive.
 */
export class Guardian {
  private readonly process: ChildProcess;

  /** @param folder what is removed in the end */
  constructor(folder: string) {
    this.process = spawn('sh', ['-c', script, folder], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.process.on('error', () => undefined);
    this.process.stdin?.on('error', () => undefined);
    this.process.unref();
    (this.process.stdin as Socket | null)?.unref();
  }

  /** Names the process to end, the leader of a group; null for none. */
  watch(pid: number | null): void {
    this.process.stdin?.write(`${pid ?? ''}\n`);
  }

  /** Lets it do its work now; resolves once the folder is gone. */
  async dismiss(): Promise<void> {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.process.ref();
    this.process.stdin?.end();
    await once(this.process, 'exit');
  }
}
