import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

const packageRoot = join(__dirname, '..', '..');
const prettier = join(dirname(require.resolve('prettier/package.json')), 'bin', 'prettier.cjs');

/** Formats a source with prettier, in a process of its own because prettier loads itself as ESM. */
export function formatSource(source: string, path: string): Promise<string> {
  const child = spawn(process.execPath, [prettier, '--stdin-filepath', path], {
    cwd: packageRoot,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let formatted = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (formatted += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(formatted) : reject(new Error(`prettier ended with ${code}`)),
    );
    child.stdin.end(source);
  });
}
