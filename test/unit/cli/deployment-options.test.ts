import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/temporary-folder';
import { keptPlan, schemaFit } from './fixed-deployment';
import { handMade, preflightResult } from './fixed-results';
import { ran } from './ran';

// Without these, a script could wait for another time than it says, or carry out another plan than the reviewed one.
describe('wait', () => {
  it.each([
    ['wait', 60_000],
    ['wait --timeout 500ms', 500],
    ['wait --timeout=5m', 300_000],
    ['wait --timeout 24h', 86_400_000],
  ])('%s opens no connection itself, and waits for that many milliseconds: %i', async (line, timeoutMs) => {
    const result = await ran(`${line} --json`);
    expect(result).toMatchObject({ exitCode: 1, calls: [`wait {"timeoutMs":${timeoutMs}}`] });
    expect(result.json()).toEqual({ ...schemaFit, waitedMs: 5 });
  });

  it.each(['0s', '25h', '90000s', '1d', '5', 'ms', '-1s', '1.5h', '1H', '5 m', '5constructor'])(
    'refuses a time to wait of %s',
    async (time) => {
      expect(await ran(`wait --timeout=${time}`)).toMatchObject({ exitCode: 64, calls: [] });
    },
  );
});

describe('--markdown in a job of GitHub', () => {
  const findings = [
    { ...handMade, message: '50 %\nof it', remedy: 'Fix', details: {} },
    { ...handMade, effect: 'deferred' as const, message: 'm', remedy: 'r' },
  ];
  const preflight = (env: NodeJS.ProcessEnv) =>
    ran('preflight --markdown', {
      env: { ...env, DATABASE_URL: 'mysql://u@h/d' },
      runPreflight: () => Promise.resolve({ ...preflightResult, findings }),
    });

  it('annotates the changes with one command per finding, and prints only Markdown on stdout', async () => {
    const { stdout, stderr } = await preflight({ GITHUB_ACTIONS: 'true' });
    expect(stderr).toBe(
      `::error title=${handMade.code}::50 %25%0Aof it%0AFix\n::notice title=${handMade.code}::m%0Ar\n`,
    );
    expect(stdout).toMatch(/^## /);
    expect(stdout).not.toContain('::error');
  });

  it('annotates nothing outside such a job', async () => {
    expect(await preflight({})).toMatchObject({ stderr: '' });
  });
});

describe('a plan in a file', () => {
  const file = (content?: string): string => {
    const path = join(temporaryFolder(), 'plan.json');
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };

  it('is written as it is printed, and is given to migrate', async () => {
    const path = file();
    const planned = await ran(`migrate --out ${path} --orphans=null --json`);
    expect(planned).toMatchObject({ exitCode: 0, calls: ['keep {"orphans":"null"}', 'destroy'] });
    expect(planned.json()).toEqual(keptPlan);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(keptPlan);
    const given = JSON.stringify({ plan: keptPlan });
    expect(await ran(`migrate --plan-file ${path}`)).toMatchObject({
      exitCode: 0,
      calls: [`migrate ${given}`, 'destroy'],
    });
  });

  it.each([
    ['that is not there', () => `--plan-file ${file()}`],
    ['that is no JSON', () => `--plan-file ${file('form: 1')}`],
    ['that is empty', () => `--plan-file ${file('')}`],
    ['with null', () => `--plan-file ${file('null')}`],
    ['of another form', () => `--plan-file ${file('{"form":2}')}`],
    ['where a folder is', () => `--plan --out ${temporaryFolder()}`],
    ['in a folder that is not there', () => `--plan --out ${file()}/plan.json`],
  ])('is refused before any connection is opened: one %s', async (_title, given) => {
    const result = await ran(`migrate ${given()} --json`);
    expect(result).toMatchObject({ exitCode: 64, calls: [] });
    expect(result.error()).toMatchObject({
      code: 'PLAN_FILE_UNUSABLE',
      details: { path: expect.any(String) as string },
    });
  });

  it.each(['--plan', '--out p.json', '--orphans=null', '--allow-blocking'])(
    'has its own wishes, and is refused beside %s',
    async (other) => {
      const result = await ran(`migrate --plan-file ${file('{"form":1}')} ${other} --json`);
      expect(result).toMatchObject({ exitCode: 64, calls: [] });
      expect(result.error().code).toBe('USAGE');
    },
  );
});
