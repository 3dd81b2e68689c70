import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** One run of a whole process. */
export interface ProcessRun {
  /** From spawn to exit, in milliseconds. */
  readonly ms: number;
  /** Peak resident memory, in MiB. */
  readonly mebibytes: number;
}

/** Runs a Node program to its end and measures it; throws unless it ends with the expected exit code. */
export async function measureProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  expectedExit = 0,
  cwd?: string,
): Promise<ProcessRun> {
  const folder = mkdtempSync(join(tmpdir(), 'pflows-bench-'));
  const memory = join(folder, 'memory');
  try {
    const start = process.hrtime.bigint();
    const child = spawn(process.execPath, ['-r', resolve(__dirname, 'report-memory.cjs'), ...args], {
      cwd,
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', BENCH_MEMORY: memory, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const exitCode = await new Promise<number | null>((settle) => child.on('close', settle));
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (exitCode !== expectedExit) throw new Error(`${args.join(' ')} ended with ${exitCode}: ${stderr}`);
    return { ms, mebibytes: Number(readFileSync(memory, 'utf8')) / 1024 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
