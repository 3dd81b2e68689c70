import { readRows } from '../../integration/adopt/rows';
import { make } from '../../integration/adopt/hand-made';
import { plain } from '../../integration/adopt/platform-ddl';
import { useDatabase } from '../../support/database';
import { runCommandLine, type Ran } from './command-line';

/** Guards the way of a person with tables made by hand: migrate stops, adopt lists the differences, adopt --repair mends them. */
describe('adopt on the command line', () => {
  const database = useDatabase({ per: 'each' });
  const cli = (...args: string[]): Promise<Ran> =>
    runCommandLine(args, { env: { DATABASE_URL: database.url } });
  const json = async (...args: string[]): Promise<unknown> => {
    const { stdout, exitCode } = await cli(...args, '--json');
    return { ...(JSON.parse(stdout) as object), exitCode };
  };

  it('lists and repairs differences and records the migrations, and ends with the exit code of each result', async () => {
    await make(database.session, { sql: plain(), nulls: true });
    const rows = await readRows(database.session);
    const refused = await cli('migrate');
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toMatch(/ -- To list the differences: protection-flows adopt\n/);

    const listed = await cli('adopt');
    expect(listed.exitCode).toBe(1);
    expect(listed.stdout).toContain('To repair: bring protection_flows to its declared shape\n');
    expect(listed.stdout).toContain('  - index protection_flows.uq_flows_name is missing\n');
    expect(listed.stdout).toMatch(/\n {2}ALTER TABLE `protection_flows` MODIFY .*;\n/);
    expect(listed.stdout).toMatch(
      /Yours to decide: 1 flow is enabled .*\n.*\n {2}- Nightly Müller: 20\d\d-\d\d-/,
    );
    expect(listed.stdout).toMatch(/ with\s+--schedules=on or\s+--schedules=off\.\n$/);
    const asked = await cli('adopt', '--repair');
    expect([asked.exitCode, asked.stdout]).toEqual([1, listed.stdout]);
    const answered = await cli('adopt', '--schedules=off');
    expect(answered.exitCode).toBe(1);
    expect(answered.stdout).toMatch(/protection-flows adopt\s+--repair\s+--schedules=off\n$/);
    expect(await readRows(database.session)).toEqual(rows);

    const repaired = await cli('adopt', '--repair', '--schedules=off');
    expect(repaired.exitCode).toBe(0);
    expect(repaired.stdout).toMatch(/Done as decided: 1 flow is enabled/);
    expect(await database.session.query("SELECT enabled FROM protection_flows WHERE id = 'flow-1'")).toEqual([
      { enabled: 0 },
    ]);
    expect(repaired.stdout).toContain('Recorded 9 migrations\n');
    expect(repaired.stderr).toMatch(/… bring protection_flows to its declared shape\n/);
    expect(await json('adopt')).toMatchObject({
      exitCode: 0,
      ok: true,
      recorded: true,
      adopted: [],
      repairs: [],
      decisions: [],
      questions: [],
    });
    expect(await json('verify', '--strict')).toMatchObject({ exitCode: 0, verdict: 'proven' });
    expect(await json('migrate')).toMatchObject({ exitCode: 0, applied: [] });
  });

  it('leaves a difference that an operator must decide, and says so', async () => {
    await make(database.session, { sql: plain({ columns: { name: 'VARCHAR(255) NULL' } }) });
    await database.session.query("UPDATE protection_flows SET name = NULL WHERE id = 'flow-1'");
    const { exitCode, stdout } = await cli('adopt', '--repair', '--schedules=on');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Yours to decide: 1 row without name, which has no default\n');
    expect(stdout).toMatch(/\nNothing was changed: 1 decision to take first\./);
    expect(await json('status')).toMatchObject({ exitCode: 1, ok: false });
  });

  it('lists as JSON what would start by itself, and refuses a choice other than on and off', async () => {
    await make(database.session, { sql: plain() });
    const [row] = (await database.session.query(
      "SELECT id, name FROM protection_flows WHERE id = 'flow-1'",
    )) as object[];
    expect(await json('adopt', '--dry-run')).toMatchObject({
      exitCode: 1,
      recorded: false,
      questions: [
        {
          id: 'schedules',
          status: 'unanswered',
          rows: [{ ...row, next: expect.stringMatching(/^20\d\d-.*T\d\d:\d\d:00\.000Z$/), reason: null }],
        },
      ],
    });
    expect(await cli('adopt', '--schedules=perhaps')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('Allowed choices are on, off'),
    });
  });

  it('refuses a database without the tables', async () => {
    const { exitCode, stderr } = await cli('adopt');
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/\nNOTHING_TO_ADOPT: .*\nNothing was changed\.\nFix: /) as string,
    });
  });
});
