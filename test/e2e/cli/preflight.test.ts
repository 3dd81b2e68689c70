import { useDatabase } from '../../support/database';
import { runCommandLine, type Ran } from './command-line';

/** Guards `preflight` as a whole process: exit codes, the one JSON document, the text; and that none of them changes anything. */
const database = useDatabase({ per: 'each' });
const cli = (...args: string[]): Promise<Ran> =>
  runCommandLine(args, { env: { DATABASE_URL: database.url } });
const json = async (...args: string[]): Promise<unknown> => {
  const { stdout, stderr, exitCode } = await cli(...args, '--json');
  return { ...(JSON.parse(stdout) as Record<string, unknown>), exitCode, stderr };
};

describe('protection-flows preflight', () => {
  it('ends 0 without an obstacle: it reports what migrate will mend or defer', async () => {
    await database.session.query('DROP TABLE backup_jobs, backup_policies');
    const told = [
      { code: 'FK_COLLATION_MISMATCH', effect: 'mended' },
      { code: 'FK_PARENT_MISSING', effect: 'deferred', table: 'protection_flows', key: 'fk_flows_policy' },
    ];
    expect(await json('preflight')).toMatchObject({
      exitCode: 0,
      stderr: '',
      ok: true,
      findings: expect.arrayContaining(told.map((finding) => expect.objectContaining(finding))),
    });
    const { exitCode, stdout } = await cli('preflight', '--no-color');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Database .*\n\nFindings\n {2}FK_PARENT_MISSING \(left for a later migrate\)\n/);
    expect(stdout).toMatch(/\nNothing blocks migrate, with 1 deferred key left for later\.\n$/);
    expect(await json('status')).toMatchObject({ exitCode: 1 });
    expect(await json('migrate')).toMatchObject({ exitCode: 0, ok: true });
    expect(await json('preflight')).toMatchObject({ exitCode: 0, ok: true, findings: [{}] });
  });

  it('ends 1 with an obstacle, which it names; migrate --plan and migrate name it too and do nothing', async () => {
    await database.session.query('CREATE TABLE protection_flows (id int PRIMARY KEY) ENGINE=MyISAM');
    const seen = { exitCode: 1, ok: false };
    const found = {
      code: 'SCHEMA_HAND_MADE',
      effect: 'blocking',
      table: 'protection_flows',
      key: null,
      message: expect.stringContaining('protection_flows'),
      remedy: expect.stringMatching(/^-- .*protection-flows adopt\n-- .*protection-flows adopt --repair$/),
      details: expect.any(Object),
    };
    const findings = expect.arrayContaining([found]);
    expect(await json('preflight')).toMatchObject({ ...seen, stderr: '', findings });
    expect(await json('migrate', '--plan')).toMatchObject({ ...seen, findings });
    expect(await json('migrate')).toMatchObject({ ...seen, applied: [], findings });
    const { exitCode, stdout } = await cli('preflight');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/SCHEMA_HAND_MADE \(blocks migrate\)/);
    expect(stdout).toMatch(/Fix: .*protection-flows adopt\n.*protection-flows adopt --repair\n/);
    await database.session.query('DROP TABLE protection_flows');
    expect(await json('preflight')).toMatchObject({ exitCode: 0, ok: true });
  });

  it('ends 64 for an unknown option, and shows its help with examples', async () => {
    expect(await cli('preflight', '--plan')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringMatching(/^USAGE: /),
    });
    const { exitCode, stdout } = await cli('preflight', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ protection-flows preflight\n/);
  });
});
