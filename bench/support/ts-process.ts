import { fork, type ChildProcess } from 'node:child_process';

/** A TypeScript program in a process of its own, controlled by messages. It ends with this process. */
export class TsProcess<In, Out extends object> {
  private readonly child: ChildProcess;

  constructor(
    private readonly file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.child = fork(file, args, {
      execArgv: ['-r', 'ts-node/register/transpile-only'],
      env: { ...process.env, ...env },
    });
  }

  send(message: In): void {
    if (this.child.connected) this.child.send(message as object);
  }

  /** The next message; rejects if the process ends instead. */
  next(): Promise<Out> {
    return new Promise((settle, reject) => {
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null) {
        reject(new Error(`${this.file} has ended with ${exitCode ?? signalCode}`));
        return;
      }
      const onMessage = (message: unknown): void => {
        this.child.off('exit', onExit);
        settle(message as Out);
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.child.off('message', onMessage);
        reject(new Error(`${this.file} ended with ${code ?? signal}`));
      };
      this.child.once('message', onMessage).once('exit', onExit);
    });
  }

  /** Disconnects, so that the process can end by itself. */
  release(): void {
    if (this.child.connected) this.child.disconnect();
  }
}
