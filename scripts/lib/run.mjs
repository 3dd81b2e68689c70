import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { projectRoot } from './project.mjs';

function exitOf(child) {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? 128 + constants.signals[signal] }));
  });
}

/** Runs a program without showing its output. Resolves to its exit code and output. */
export async function runQuietly(program, args, env = process.env, cwd = projectRoot) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  child.stderr.on('data', (chunk) => (printed += chunk));
  const { code, output = printed } = await exitOf(child);
  return { code, output: output.trim() };
}

/** Runs Node on this terminal, and passes signals on. Resolves to its exit code. */
export async function runNode(args, env = process.env) {
  const child = spawn(process.execPath, args, { cwd: projectRoot, env, stdio: 'inherit' });
  // Ctrl-C reaches the whole process group, so the child has it already; this process waits for its end
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return (await exitOf(child)).code;
}

/** The last lines of a program's output, for a message. */
export function lastLines(output, count = 5) {
  return output.split('\n').slice(-count).join('\n  ');
}
