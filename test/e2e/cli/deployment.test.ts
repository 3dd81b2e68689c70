import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useDatabase } from '../../support/database';
import { emptyFolder, program, runCommandLine, type Ran } from './command-line';

const database = useDatabase({ platform: 'mixed', per: 'each' });
const env = () => ({ DATABASE_URL: database.url });
const cli = (...args: string[]): Promise<Ran> => runCommandLine(args, { env: env() });
const json = async (...args: string[]): Promise<unknown> => {
  const { exitCode, stdout } = await cli(...args, '--json');
  return { ...(JSON.parse(stdout) as object), exitCode };
};

/** Starts a wait, does the given work once wait says that it waits for the schema, and returns how wait ends. */
async function whileWaiting(act: (child: ReturnType<typeof spawn>) => Promise<unknown>) {
  const child = spawn(process.execPath, [program, 'wait', '--timeout', '2m', '--json'], {
    cwd: emptyFolder(),
    env: { PATH: process.env.PATH, ...env() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const waits = new Promise<void>((resolve) => {
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
      if (stderr.includes('waiting: the schema is not there')) resolve();
    });
  });
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  const ended = new Promise((resolve) => child.on('close', resolve));
  await waits;
  await act(child);
  return { exitCode: await ended, stdout, stderr };
}

// Without these, a deployment script could continue when it should stop, or wait for ever.
describe('wait and check', () => {
  it('end 1 before the schema exists and 0 afterwards, and print one document', async () => {
    expect(await json('check')).toMatchObject({ exitCode: 1, ok: false, state: 'absent' });
    expect(await json('wait', '--timeout', '5s')).toMatchObject({ exitCode: 1, state: 'absent' });
    expect(await cli('migrate')).toMatchObject({ exitCode: 0 });
    expect(await json('check')).toMatchObject({ exitCode: 0, ok: true, state: 'fits' });
    expect(await json('wait')).toMatchObject({
      exitCode: 0,
      ok: true,
      waitedMs: expect.any(Number) as number,
    });
    const { stdout, stderr } = await cli('check');
    expect(stdout).toMatch(/^FITS: this program fits the schema\nDatabase .*\n$/);
    expect(stderr).toBe('');
  });

  it('wait ends once the schema exists', async () => {
    const { exitCode, stdout } = await whileWaiting(() => cli('migrate'));
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, state: 'fits' });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('wait ends at %s, and says so', async (signal) => {
    const { exitCode, stdout } = await whileWaiting((child) => Promise.resolve(child.kill(signal)));
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INTERRUPTED' } });
  });

  it.each([
    ['a wrong password, at once', { password: 'hush' }, ['--timeout', '24h'], 'ACCESS_DENIED'],
    ['a closed port, when the timeout is over', { port: '1' }, ['--timeout', '5s'], 'CONNECTION_REFUSED'],
  ])('wait ends 2 with its code: %s', async (_title, part, args, code) => {
    const url = Object.assign(new URL(database.url), part);
    const { exitCode, stdout, stderr } = await runCommandLine(['wait', ...args], {
      env: { DATABASE_URL: url.href },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${code}: `, 'm'));
    expect(stderr).not.toContain('hush');
  });
});

it('migrate --plan writes a plan into a file, and migrate carries it out once', async () => {
  const path = join(emptyFolder(), 'plan.json');
  expect(await cli('migrate', '--plan', '--out', path)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ form: 1, ok: true });
  expect(await json('migrate', '--plan-file', path)).toMatchObject({ exitCode: 0, ok: true });
  expect(await json('verify')).toMatchObject({ verdict: 'proven' });
  expect(await json('migrate', '--plan-file', path)).toMatchObject({
    exitCode: 1,
    error: { code: 'PLAN_MOVED' },
  });
});
