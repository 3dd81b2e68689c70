import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from './server-installation';

const logLinesShown = 15;

/** A running server program in a session of its own, its output in a log file. Keeps no event loop alive. */
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

  /** Calls back once the process is gone. */
  onExit(callback: () => void): void {
    void this.exited.then(callback);
  }

  /** Sends the signal and resolves once the process is gone; past `limitMs` it is killed. */
  async end(signal: 'SIGTERM' | 'SIGKILL', limitMs: number): Promise<void> {
    if (!this.isRunning) return;
    this.process.ref();
    const killer = setTimeout(() => this.process.kill('SIGKILL'), limitMs);
    this.process.kill(signal);
    await this.exited;
    clearTimeout(killer);
  }

  /** The last lines that the server has logged. */
  async lastLogLines(): Promise<string[]> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    return log.trimEnd().split('\n').slice(-logLinesShown);
  }
}
