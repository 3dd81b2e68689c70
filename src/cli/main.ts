import { Console } from 'node:console';
import { setFlagsFromString } from 'node:v8';
import { ProtectionFlowsError } from '../errors';
import { run } from './run';
import { services } from './services';

/**
 * A reader that has gone away, as in `| head` or with its terminal, is no fault of the command: its work goes on, as it
 * does without its log. A result that does not fit the disk is one.
 */
function surviveFaults(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  isResult: boolean,
): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Node.js opens the process' own streams again after an error
    stream.writable = false;
    if (!isResult || stream.isTTY || error.code === 'EPIPE') return;
    throw new ProtectionFlowsError('FILE_NOT_WRITTEN', {
      message: `cannot write stdout: ${error.message}`,
      consequence: 'A part of the output is missing. What the command changed in the database stays.',
      remedy: 'See that there is space; then run the command again.',
      details: { path: 'stdout' },
      cause: error,
    });
  });
}

/** Resolves when everything written so far is out; a pipe takes it in its own time. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // Where nothing is left to write, a fault of what was written is still to be told
    if (stream.destroyed || !stream.writable || stream.writableLength === 0) setImmediate(resolve);
    else stream.write('', () => resolve());
  });
}

function onInterrupt(listener: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let isTold = false;
  const heard = (signal: NodeJS.Signals): void => {
    // The shell and the kernel both tell of a terminal that closes, which is no second Ctrl-C
    if (!isTold || signal !== 'SIGHUP') listener();
    isTold = true;
  };
  for (const signal of signals) process.on(signal, heard);
  return () => signals.forEach((signal) => process.off(signal, heard));
}

/** Covers rejections too: Node.js turns those that nobody handles into uncaught exceptions. */
function onCrash(listener: (error: unknown) => void): void {
  process.on('uncaughtException', listener);
}

/** Takes our own warnings from Node.js, which would print them raw between the command's lines, and leaves it the others. */
function onWarning(listener: (warning: Error & { code?: string }) => void): () => void {
  const others = process.listeners('warning');
  const own = (warning: Error): void => {
    if (warning.name === 'ProtectionFlowsWarning') listener(warning);
    else for (const other of others) other(warning);
  };
  process.removeAllListeners('warning');
  process.on('warning', own);
  return () => {
    process.off('warning', own);
    for (const other of others) process.on('warning', other);
  };
}

/** The folder that the process was started in. One that has been removed is known by the shell's word alone. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD ?? '/';
  }
}

/** Runs the command that the process was given, and ends the process. */
export async function main(): Promise<void> {
  // The optimizing compiler takes 4 MiB, and no command calculates long enough to gain by it
  setFlagsFromString('--no-opt');
  // What is new on the heap keeps to the first MiB, which would double up to 16; a command takes 5 MiB less
  setFlagsFromString('--semi-space-growth-factor=1');
  const { stdout, stderr } = process;
  surviveFaults(stdout, true);
  surviveFaults(stderr, false);
  // TypeORM and mysql2 log to the console; stdout is for the result alone.
  globalThis.console = new Console(stderr, stderr);
  const exitCode = await run({
    argv: process.argv.slice(2),
    env: process.env,
    cwd: currentFolder(),
    stdout,
    stderr,
    onInterrupt,
    onCrash,
    onWarning,
    quit: (code) => process.exit(code),
    services,
  });
  await Promise.all([flushed(stdout), flushed(stderr)]);
  process.exit(exitCode);
}
