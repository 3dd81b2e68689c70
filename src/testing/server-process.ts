import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from './server-installation';

/**
 * The script's input ends when the parent process ends, for whatever reason. Then the script kills the watched process
 * with its group, such as the scripts by which a Galera node sends its data, and removes the folder.
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
 * A process that kills one other process and removes one folder when this process ends. It has its own session, so
 * the terminal's Ctrl-C does not reach it. It does not keep this process alive.
 */
export class Guardian {
  private readonly process: ChildProcess;

  /** @param folder the folder to remove at the end */
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

  /** Sets the process to kill, a group's leader; null for none. */
  watch(pid: number | null): void {
    this.process.stdin?.write(`${pid ?? ''}\n`);
  }

  /** Kills the watched process and removes the folder now; resolves when both are done. */
  async dismiss(): Promise<void> {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.process.ref();
    this.process.stdin?.end();
    await once(this.process, 'exit');
  }
}

const logLinesShown = 15;

/** A running server program in its own session, with its output in a log file. It keeps no event loop alive. */
export class ServerProcess {
  private readonly process: ChildProcess;
  private readonly exited: Promise<unknown>;

  constructor(
    command: Command,
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a');
    this.process = spawn(command.program, command.args, {
      cwd: '/',
      env: command.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.exited = once(this.process, 'exit').catch(() => undefined);
    this.process.unref();
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isRunning(): boolean {
    return (
      this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null
    );
  }

  /** Calls back when the process has ended. */
  onExit(callback: () => void): void {
    void this.exited.then(callback);
  }

  /** Sends the signal, kills the process after `limitMs`, and resolves when the process has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL', limitMs: number): Promise<void> {
    if (!this.isRunning) return;
    this.process.ref();
    const killer = setTimeout(() => this.process.kill('SIGKILL'), limitMs);
    this.process.kill(signal);
    await this.exited;
    clearTimeout(killer);
  }

  /** Returns the last lines of the server's log. */
  async lastLogLines(): Promise<string[]> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    return log.trimEnd().split('\n').slice(-logLinesShown);
  }
}
