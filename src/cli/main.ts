import { Console } from 'node:console';
import { setFlagsFromString } from 'node:v8';
import { ProtectionFlowsError } from '../errors';
import { run } from './run';
import { services } from './services';

/**
 * Lets the command go on when its reader is gone (`| head`, a closed terminal) or its log can't be written. Only a result
 * that can't be written, as to a full disk, is an error: FILE_NOT_WRITTEN.
 */
function surviveFaults(
  stream: NodeJS.WritableStream & { readonly isTTY?: boolean },
  isResult: boolean,
): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Node.js makes the streams of the process writable again after an error
    stream.writable = false;
    if (!isResult || stream.isTTY || error.code === 'EPIPE') return;
    throw new ProtectionFlowsError('FILE_NOT_WRITTEN', {
      message: `cannot write stdout: ${error.message}`,
      consequence: 'A part of the output is missing. What the command changed in the database stays.',
      remedy: 'Make sure that the disk has space; then run the command again.',
      details: { path: 'stdout' },
      cause: error,
    });
  });
}

/** Resolves when everything written so far has left the process: a pipe takes its time. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // With nothing left to write, the error of an earlier write may still be on its way
    if (stream.destroyed || !stream.writable || stream.writableLength === 0) setImmediate(resolve);
    else stream.write('', () => resolve());
  });
}

function onInterrupt(listener: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let isTold = false;
  const heard = (signal: NodeJS.Signals): void => {
    // When a terminal closes, the shell and the kernel each send SIGHUP: the second one is no second Ctrl-C
    if (!isTold || signal !== 'SIGHUP') listener();
    isTold = true;
  };
  for (const signal of signals) process.on(signal, heard);
  return () => signals.forEach((signal) => process.off(signal, heard));
}

/** Hears of unhandled rejections too: Node.js turns them into uncaught exceptions. */
function onCrash(listener: (error: unknown) => void): void {
  process.on('uncaughtException', listener);
}

/** Passes our own warnings to the listener alone: Node.js would print them raw. All others go to Node.js. */
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

/** The folder that the process was started in. If it has been removed, only the shell's PWD knows it. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD ?? '/';
  }
}

/** Runs the command that the process was given, and ends the process. */
export async function main(): Promise<void> {
  // The optimizing compiler takes 4 MiB, and no command computes long enough to gain by it
  setFlagsFromString('--no-opt');
  // Keeps the heap's space for new objects at 1 MiB, where it would double up to 16: saves 5 MiB
  setFlagsFromString('--semi-space-growth-factor=1');
  const { stdout, stderr } = process;
  surviveFaults(stdout, true);
  surviveFaults(stderr, false);
  // TypeORM and mysql2 log to the console; stdout is only for the result
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
