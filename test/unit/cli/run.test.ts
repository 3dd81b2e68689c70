import { ProtectionFlowsError } from '../../../src/errors';
import type { Services } from '../../../src/cli/services';
import { auditResult } from './fixed-audit';
import { schemaFit } from './fixed-deployment';
import { recountResult } from './fixed-recount';
import * as fixed from './fixed-results';
import { env, ran } from './ran';

const { migrateResult, plan, preflightResult, report, status } = fixed;
const { adoptResult, pruneResult, restoreOrphansResult, rollbackPlan, rollbackResult } = fixed;

const refusal = new ProtectionFlowsError('MIGRATE_LOCKED', {
  message: 'm',
  remedy: 'r',
  details: { lock: 'l', holder: 'h' },
});
const failing = (error: unknown) => () => Promise.reject(error as Error);

describe('commands', () => {
  it.each([
    ['migrate', 0, 'migrate {"orphans":"report"}', migrateResult],
    ['migrate --plan', 0, 'plan {"orphans":"report"}', plan],
    ['adopt', 1, 'adopt {"repair":false,"orphans":"report"}', adoptResult],
    ['adopt --repair', 1, 'adopt {"repair":true,"orphans":"report"}', adoptResult],
    [
      'adopt --dry-run --schedules=off',
      1,
      'adopt {"repair":false,"dryRun":true,"answers":{"schedules":"off"},"orphans":"report"}',
      adoptResult,
    ],
    ['rollback', 0, 'rollback {"steps":1,"discardRows":false}', rollbackResult],
    ['rollback --steps 3 --discard-rows', 0, 'rollback {"steps":3,"discardRows":true}', rollbackResult],
    ['rollback --all', 0, 'rollback {"steps":"all","discardRows":false}', rollbackResult],
    ['rollback --plan', 1, 'plan rollback {"steps":1,"discardRows":false}', rollbackPlan],
    ['rollback --all --plan', 1, 'plan rollback {"steps":"all","discardRows":false}', rollbackPlan],
    ['restore-orphans', 1, 'restore {}', restoreOrphansResult],
    ['restore-orphans --key fk_flows_policy', 1, 'restore {"key":"fk_flows_policy"}', restoreOrphansResult],
    ['prune --keep 9', 0, 'prune {"keepPerFlow":9,"batchSize":500,"dryRun":false}', pruneResult],
    ['recount', 0, 'recount {"dryRun":false}', JSON.parse(JSON.stringify(recountResult))],
    [
      'audit --since 2d --until 1h --flow f',
      1,
      'audit {"sinceMs":172800000,"untilMs":3600000,"flowId":"f","lateAfterMs":60000}',
      JSON.parse(JSON.stringify(auditResult)),
    ],
    ['status', 1, 'status {}', status],
    ['preflight', 1, 'preflight {}', preflightResult],
    ['check', 1, 'check {}', schemaFit],
    ['verify', 1, 'verify {"strict":false}', report],
    ['verify --strict', 1, 'verify {"strict":true}', report],
  ])('%s ends %i and prints its result, as text or JSON', async (line, exitCode, call, result) => {
    const text = await ran(line);
    expect(text).toMatchObject({ exitCode, calls: [call, 'destroy'], stderr: '' });
    expect(text.stdout).not.toMatch(/^\{/);
    const json = await ran(`${line} --json`);
    expect(json.exitCode).toBe(exitCode);
    expect(json.json()).toEqual(result);
  });

  it.each([
    'migrate',
    'migrate --plan',
    'rollback',
    'rollback --plan',
    'status',
    'preflight',
    'verify',
    'adopt',
    'restore-orphans',
    'prune --keep 9',
    'recount',
    'audit',
    'check',
    'wait',
  ])('prints Markdown on request, and refuses two forms at once: %s', async (line) => {
    const { stdout, exitCode } = await ran(`${line} --markdown`);
    expect(stdout.split('\n')[0]).toMatch(
      new RegExp(`^## (✅|❌) protection-flows ${line.replace(' --keep 9', '')}: `),
    );
    expect(exitCode).toBe((await ran(line)).exitCode);
    expect(await ran(`${line} --markdown --json`)).toMatchObject({ exitCode: 64, calls: [] });
  });

  it('has no Markdown form for demo', async () => {
    expect(await ran('demo --markdown')).toMatchObject({ exitCode: 64, calls: [], stdout: '' });
  });

  it.each(['--json status', 'status --json'])('takes global options on either side: %s', async (line) => {
    expect((await ran(line)).json()).toEqual(status);
    expect((await ran(`${line} --config /none.json`)).error().code).toBe('CONFIG_UNREADABLE');
  });

  it('writes progress to stderr, and only the document to stdout', async () => {
    const result = await ran('migrate --json', {
      migrate: (_database, options) => {
        options?.onProgress?.({ migration: 'M', step: 'create table t' });
        return Promise.resolve(migrateResult);
      },
    });
    expect(result.json()).toEqual(migrateResult);
    expect(result.stderr).toBe('… create table t\n');
  });
});

describe('--verbose', () => {
  const openDatabase: Services['openDatabase'] = (_settings, onStatement) => {
    onStatement?.("SELECT 'hu@sh',\n  ?", 12.34);
    return Promise.resolve({ destroy: () => Promise.resolve() } as never);
  };

  it('prints each statement with its milliseconds on stderr, without the password', async () => {
    const result = await ran('status --verbose --json', { openDatabase });
    expect(result.stderr).toBe("   12.3 ms  SELECT '***', ?\n");
    expect(result.json()).toEqual(status);
  });

  it('is off by default: a command without it prints no statement', async () => {
    expect(await ran('status', { openDatabase })).toMatchObject({ stderr: '' });
  });
});

describe('exit codes of errors', () => {
  it.each([
    ['refused', refusal, 1],
    ['failed', new ProtectionFlowsError('CONNECTION_LOST', { message: 'm', remedy: 'r' }), 2],
    ['before connecting', new ProtectionFlowsError('USAGE', { message: 'm', remedy: 'r' }), 64],
    ['not ours', new TypeError('x'), 2],
  ])('%s', async (_name, error, exitCode) => {
    const result = await ran('status --json', { readStatus: failing(error) });
    expect(result.exitCode).toBe(exitCode);
    expect(result.calls).toEqual(['destroy']);
    expect(result.error()).toMatchObject({ consequence: expect.any(String) as string });
  });

  it('closes the connection and prints three lines', async () => {
    const result = await ran('migrate', { migrate: failing(refusal) });
    expect(result.stderr).toBe('MIGRATE_LOCKED: m\nNothing was changed.\nFix: r\n');
    expect(result.stdout).toBe('');
  });

  it('hides the stack and the password of an error that nobody expected', async () => {
    const surprise = new Error('mysql://u:hu%40sh@h and hu@sh', { cause: new Error('hu@sh below') });
    const result = await ran('status --json', { readStatus: failing(surprise) });
    expect(result.error()).toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('mysql://u:***@h and ***') as string,
    });
    expect(result.stdout + result.stderr).not.toMatch(/^\s+at /m);
    const debug = await ran('status', {
      readStatus: failing(surprise),
      env: { ...env, PROTECTION_FLOWS_DEBUG: '1' },
    });
    expect(debug.stderr).toMatch(/Error: mysql:\/\/u:\*\*\*@h[^]*at [^]*Caused by: Error: \*\*\* below/);
  });

  it('prints an uncaught error in the same form, and exits', async () => {
    let end: () => void = () => undefined;
    const result = await ran('status', {
      readStatus: () => new Promise((resolve) => (end = () => resolve(status))),
      duringRun: (_interrupt, crash) => {
        crash(new Error('hu@sh was lost'));
        end();
      },
    });
    expect(result.quitWith).toEqual([2]);
    expect(result.stderr).toMatch(/^INTERNAL: .*Error: \*\*\* was lost\n.*\nFix: .*\n$/);
  });

  it('removes the password from details too', async () => {
    const error = new ProtectionFlowsError('NO_WRITABLE_HOST', {
      message: 'm',
      remedy: 'r',
      details: { hosts: [{ host: 'h', code: null, reason: "SET PASSWORD = 'hu@sh'" }] },
    });
    expect((await ran('status --json', { readStatus: failing(error) })).error().details).toEqual({
      hosts: [{ host: 'h', code: null, reason: "SET PASSWORD = '***'" }],
    });
  });
});

describe('usage', () => {
  it.each([
    ['', 'no command was given', 'migrate, rollback, status, preflight, verify, adopt, restore-orphans'],
    ['help nope', "unknown command 'nope'", 'Give one of: migrate'],
    ['migrat', "unknown command 'migrat'", 'Did you mean migrate?'],
    ['backup', "unknown command 'backup'", 'The commands are: migrate'],
    ['status --jsn', "unknown option '--jsn'", 'Did you mean --json?'],
    ['status --json=yes', "unknown option '--json=yes'", 'Did you mean --json?'],
    ['status extra', 'too many arguments', '--help'],
    ['--config', "option '--config <file>' argument missing", '--help'],
    [
      'migrate --dry-run',
      "unknown option '--dry-run'",
      'Did you mean --plan? See protection-flows migrate --help',
    ],
    ['rollback --dry-run', "unknown option '--dry-run'", 'Did you mean --plan?'],
    ['adopt --plan', "unknown option '--plan'", 'Did you mean --dry-run?'],
    ['prune --plan', "unknown option '--plan'", 'Did you mean --dry-run?'],
    ['adopt --schedule=off', "unknown option '--schedule=off'", 'Did you mean --schedules?'],
    [
      'adopt --shedules=off',
      "unknown option '--shedules=off'",
      'The options of adopt are: --repair, --schedules,',
    ],
    ['adopt --schedulez off', "unknown option '--schedulez'", 'Did you mean --schedules?'],
    ['preflight --plan', "unknown option '--plan'", 'preflight has no options of its own'],
    [
      'guard',
      "missing required argument 'action'",
      'Give one of: install, status, remove. See protection-flows guard --help',
    ],
    ['guard instal', 'Allowed choices are install, status, remove', 'See protection-flows guard --help'],
    ['rollback --steps 0', 'It must be a whole number from 1', '--help'],
    ['rollback --steps x', 'It must be a whole number from 1', '--help'],
    ['rollback --steps 1 --all', 'cannot be used with', '--help'],
    ['audit --since 1d --until 1d', 'there is no time between them', 'shorter age'],
    ['restore-orphans --key fk_x', 'Allowed choices are fk_flows_schedule, ', '--help'],
  ])('refuses "%s"', async (line, message, remedy) => {
    const result = await ran(line);
    expect(result).toMatchObject({ exitCode: 64, stdout: '', calls: [] });
    const lines = result.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^USAGE: /);
    expect(lines[0]).toContain(message);
    expect(lines[1]).toBe('Nothing was read or changed: no connection was opened.');
    expect(lines[2]).toMatch(/^Fix: /);
    expect(lines[2]).toContain(remedy);
    const json = await ran(`${line} --json`.trim());
    if (line !== '--config') expect(json.error()).toMatchObject({ code: 'USAGE' });
    expect(json.exitCode).toBe(64);
  });

  it.each([
    '--help',
    'help',
    'help migrate',
    ...'migrate adopt rollback restore-orphans prune recount audit verify demo'
      .split(' ')
      .map((name) => `${name} --help`),
  ])('explains itself in 80 columns, with examples and exit codes: %s', async (line) => {
    const result = await ran(line, { env: {} });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(/Examples?:\n/);
    expect(result.stdout).toMatch(/Exit codes?:/);
    for (const row of result.stdout.split('\n')) expect([row, row.length <= 80]).toEqual([row, true]);
  });

  it('prints its version', async () => {
    expect((await ran('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('Ctrl-C', () => {
  /** Stops between two statements, as the migrator does. */
  const stopsWhenAsked: Services['migrate'] = (_database, options) =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () =>
        reject(new ProtectionFlowsError('INTERRUPTED', { message: 'm', remedy: 'r' })),
      );
    });

  it('asks migrate to stop, says so, and ends 2', async () => {
    const result = await ran('migrate', { migrate: stopsWhenAsked, duringRun: (interrupt) => interrupt() });
    expect(result).toMatchObject({ exitCode: 2, calls: ['destroy'], quitWith: [] });
    expect(result.stderr).toMatch(/^Stopping after the current statement.*\nINTERRUPTED: m\n/);
  });

  it('exits at the second Ctrl-C', async () => {
    const result = await ran('migrate', {
      migrate: stopsWhenAsked,
      duringRun: (interrupt) => {
        interrupt();
        interrupt();
      },
    });
    expect(result.quitWith).toEqual([130]);
  });

  it('ends a command that changes nothing at once', async () => {
    const never = () => new Promise<never>(() => undefined);
    const result = await ran('verify --json', { verify: never, duringRun: (interrupt) => interrupt() });
    expect(result.exitCode).toBe(2);
    expect(result.error()).toMatchObject({ code: 'INTERRUPTED', consequence: 'Nothing was changed.' });
  });

  it('stops a migrate that is still connecting, and the database is unchanged', async () => {
    let opened: (dataSource: never) => void = () => undefined;
    const result = await ran('migrate', {
      openDatabase: () => new Promise((resolve) => (opened = resolve)),
      duringRun: (interrupt) => {
        interrupt();
        opened({ destroy: () => Promise.resolve() } as never);
      },
    });
    expect(result).toMatchObject({ exitCode: 2, calls: [] });
    expect(result.stderr).toContain('INTERRUPTED');
  });
});
