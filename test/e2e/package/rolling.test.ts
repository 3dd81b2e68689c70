import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { useDatabase, type TestDatabase } from '../../support/database';
import { stepsBackTo } from '../../support/migrations';
import { installInto, packInto } from '../../support/package-project';
import { packageFolder, runProgram } from '../../support/run-program';
import { temporaryFolder } from '../../support/temporary-folder';
import { TurnTaker } from '../../support/turn-taker';

const fixtures = join(packageFolder, 'test/fixtures');
const folder = temporaryFolder();
const projects = { old: join(folder, 'old'), new: join(folder, 'new') };
type Release = keyof typeof projects;

/** The migrations that the programs of the previous release know, and the later ones. */
const known = ['AddOperationalIndexes1795305602000', 'AllowCancelledAsLastStatus1795305603000'];
const later = [
  ...known,
  'DropRedundantIndexes1795305604000',
  'KeepWhatPruneRemoved1795305605000',
  'KeepWhatDidNotRun1795305606000',
  'ServeMetrics1795305607000',
  'KeepWhatIsPaused1795305608000',
];
/** Breaks no program, but what they count: until the last older one has stopped, and the flows are recounted. */
const breaking = (name: string): unknown =>
  name.startsWith('KeepWhatPrune') ? expect.stringContaining('protection-flows recount') : false;

beforeAll(async () => {
  const packed = join(folder, 'packed');
  for (const path of [packed, ...Object.values(projects)]) await mkdir(path);
  await installInto(projects.old, join(fixtures, 'previous-release/package.tar.gz'));
  await installInto(projects.new, await packInto(packed));
  for (const project of Object.values(projects))
    await cp(join(fixtures, 'rolling'), project, { recursive: true });
});

const failures = (outcomes: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(outcomes).filter(([, outcome]) => outcome !== 'works');

interface Ended {
  readonly exitCode: number | null;
  readonly result: Record<string, unknown>;
}

function of(database: TestDatabase) {
  const cli = async (release: Release, ...args: string[]): Promise<Ended> => {
    const bin = join(projects[release], 'node_modules/@sendense/protection-flows/dist/cli/main.js');
    const env = { DATABASE_URL: database.url };
    const { exitCode, stdout } = await runProgram(process.execPath, [bin, ...args, '--json'], { env });
    return { exitCode, result: JSON.parse(stdout) as Ended['result'] };
  };
  return {
    cli,
    /** The schema as the previous release leaves it, without the later migrations. */
    async migrateByOld(): Promise<void> {
      expect(await cli('old', 'migrate')).toMatchObject({ exitCode: 0 });
      expect(await cli('old', 'rollback', '--steps', String(known.length))).toMatchObject({
        exitCode: 0,
        result: { undone: [...known].reverse() },
      });
    },
    async eachCall(): Promise<Record<string, string>> {
      const env = { DATABASE_URL: database.url };
      const args = [join(projects.new, 'each-call.cjs')];
      const { exitCode, stdout, stderr } = await runProgram(process.execPath, args, { env });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      return JSON.parse(stdout) as Record<string, string>;
    },
  };
}

/**
 * Guards what `breaking = false` promises of a migration: a program of the previous release that runs through it, and
 * through its rollback, meets no error, and it and this release's programs understand each other's rows.
 */
describe('a rolling deployment', () => {
  const database = useDatabase();
  const running: TurnTaker[] = [];
  const start = (release: Release, program: string): TurnTaker => {
    const started = new TurnTaker(join(projects[release], program), { DATABASE_URL: database.url });
    running.push(started);
    return started;
  };
  afterEach(() => running.splice(0).forEach((program) => program.kill()));

  it('does not disturb a program of the previous release, neither on migrate nor on rollback', async () => {
    const { cli, migrateByOld } = of(database);
    await migrateByOld();
    const old = start('old', 'by-entities.cjs');
    await old.more(3);

    const { result } = await cli('new', 'status');
    expect(result['migrations']).toEqual(
      expect.arrayContaining(
        later.map((name) => ({ name, status: 'pending', appliedAt: null, breaking: breaking(name) })),
      ),
    );
    const before = old.told.turns;
    expect(await cli('new', 'migrate')).toMatchObject({ exitCode: 0, result: { applied: later } });
    expect(old.told.turns).toBeGreaterThan(before);
    await old.more(3);
    expect(old.told.errors).toEqual([]);
    expect(await cli('new', 'verify')).toMatchObject({ exitCode: 0, result: { verdict: 'proven' } });

    // Side by side
    const current = start('new', 'by-repositories.cjs');
    await Promise.all([old.more(5), current.more(5)]);
    expect(old.told.othersRows).toBeGreaterThan(0);
    expect(current.told.othersRows).toBeGreaterThan(0);

    // Back again, under both
    expect(await cli('new', 'rollback', '--steps', String(later.length))).toMatchObject({
      exitCode: 0,
      result: { undone: [...later].reverse() },
    });
    await Promise.all([old.more(3), current.more(3)]);
    const ends = await Promise.all([old.stop(), current.stop()]);
    expect(ends.map(({ errors }) => errors)).toEqual([[], []]);
  });
});

/** Guards what the documentation says of a program that was deployed before its migrations ran, and after. */
describe('a program of this release', () => {
  const database = useDatabase();

  it('can do everything except cancel a run and prune before its migrations, and everything afterwards', async () => {
    const { cli, eachCall, migrateByOld } = of(database);
    await migrateByOld();
    const before = await eachCall();
    const pending = expect.stringMatching(/^MIGRATION_PENDING: /);
    expect(failures(before)).toEqual([
      ['executions.finish, cancelled', pending],
      ['executions.settle, jobs cancelled', pending],
      ['retention.prune', pending],
    ]);

    await database.connection.query('DELETE FROM protection_flows');
    expect(await cli('new', 'migrate')).toMatchObject({ exitCode: 0 });
    const after = await eachCall();
    expect(failures(after)).toEqual([]);
    expect(Object.keys(after)).toEqual(Object.keys(before));

    // A rollback does not lose statuses that the older schema cannot store
    expect(await cli('new', 'rollback', '--steps', String(stepsBackTo('AllowCancelled')))).toMatchObject({
      exitCode: 1,
      result: { error: { code: 'ENUM_VALUE_IN_USE' } },
    });
  });
});
