import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeInBrowser, useBrowser, type WatchedPage } from '../../support/browser';
import { useDatabase } from '../../support/database';
import { runProgram } from '../../support/run-program';
import { temporaryFolder } from '../../support/temporary-folder';
import { program, runCommandLine, type Ran } from './command-line';

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const hostile = '<img src=x onerror="document.title=1">';
const database = useDatabase({ platform: 'mixed', name: hostile, per: 'all' });
const cli = (...args: string[]): Promise<Ran> =>
  runCommandLine(args, { env: { DATABASE_URL: database.url } });

/** The SQL that brings the database into each state that the pages show. */
const states: Readonly<Record<string, readonly string[]>> = {
  'never-ran': [],
  drifted: [
    'ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy',
    'ALTER TABLE protection_flows DROP INDEX idx_flows_due',
  ],
};

describe('--html', () => {
  it.each([
    ['verify', 1],
    ['status', 1],
  ])(
    'makes %s write the page besides printing its result, with the same exit code',
    async (command, exitCode) => {
      const path = join(temporaryFolder(), 'page.html');
      const [plain, withPage, json] = [
        await cli(command),
        await cli(command, '--html', path),
        await cli(command, '--json', `--html=${path}`),
      ];
      expect(withPage).toMatchObject({ exitCode, stderr: '', stdout: plain.stdout });
      expect(json).toMatchObject({ exitCode, stderr: '' });
      expect(JSON.parse(json.stdout)).toHaveProperty('database', database.name);
      expect(readFileSync(path, 'utf8')).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>\n$/);
    },
  );

  it.each<[string, (folder: string) => string]>([
    ['a folder', (folder) => folder],
    ['a file in no folder', (folder) => join(folder, 'none', 'page.html')],
    ['a file below a file', (folder) => join(folder, 'old.html', 'page.html')],
    ['an option', () => '--strict'],
    ['what looks like an option', () => '-proof.html'],
    ['nothing', () => ''],
  ])('is refused before any connection is opened if it names %s', async (_name, make) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'old.html'), 'old');
    const ran = await runCommandLine(['verify', '--html', make(folder)], {
      env: { DATABASE_URL: 'mysql://u:hush@127.0.0.1:1/d' },
    });
    expect(ran).toMatchObject({ exitCode: 64, stdout: '' });
    expect(ran.stderr).toMatch(/^USAGE: .*--html/);
    expect(readdirSync(folder)).toEqual(['old.html']);
    expect(readFileSync(join(folder, 'old.html'), 'utf8')).toBe('old');
  });

  it('keeps the old page if the command fails, and replaces it as a whole if the command succeeds', async () => {
    const folder = temporaryFolder();
    const [old, link] = [join(folder, 'old.html'), join(folder, 'link.html')];
    writeFileSync(old, 'old');
    chmodSync(old, 0o626);
    symlinkSync('old.html', link);
    const failed = await runCommandLine(['status', '--html', link], {
      env: { DATABASE_URL: 'mysql://u:hush@127.0.0.1:1/d' },
    });
    expect(failed.exitCode).toBe(2);
    expect(readFileSync(old, 'utf8')).toBe('old');
    const inode = statSync(old).ino;
    expect(await cli('status', '--html', link)).toMatchObject({ stderr: '' });
    expect(readFileSync(old, 'utf8')).toContain('</html>');
    expect(statSync(old).ino).not.toBe(inode);
    expect(statSync(old).mode & 0o777).toBe(0o626);
    expect(readdirSync(folder).sort()).toEqual(['link.html', 'old.html']);
  });

  // The system writes what fits and returns the number of bytes; an error comes only with the next write
  it.each([
    ['verify', '--html'],
    ['status', '--html'],
    ['migrate', '--out'],
  ])('keeps the old file if the new one does not fit on the disk: %s %s', async (command, option) => {
    const folder = temporaryFolder();
    const path = join(folder, 'old');
    writeFileSync(path, 'old');
    const limited = ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, program, command, option, path];
    const ran = await runProgram('sh', limited, { cwd: folder, env: { DATABASE_URL: database.url } });
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^FILE_NOT_WRITTEN: .*EFBIG/);
    expect(readdirSync(folder)).toEqual(['old']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  it.each([[['status']], [['status', '--json']]])(
    'says so if its result does not fit on the disk: %j',
    async (args) => {
      const full = ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, program, ...args];
      const ran = await runProgram('sh', full, {
        cwd: temporaryFolder(),
        env: { DATABASE_URL: database.url },
      });
      expect(ran).toMatchObject({ exitCode: 2 });
      expect(ran.stderr).toMatch(/^FILE_NOT_WRITTEN: cannot write stdout: ENOSPC/);
    },
  );

  it('writes into a device without replacing it by a file', async () => {
    expect(await cli('status', '--html', '/dev/null')).toMatchObject({ exitCode: 1, stderr: '' });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });
});

// Without these, somebody could not read the page: on a phone, in the dark, on paper, or by keyboard and voice.
describeInBrowser('the pages of verify and status', () => {
  const browser = useBrowser();

  const faults = async ({ page }: WatchedPage): Promise<string[]> => {
    await page.evaluate(axe);
    return page.evaluate<string[]>(
      'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((one) => `${id}: ${one.html}`)))',
    );
  };

  const open = async (command: string): Promise<WatchedPage> => {
    const path = join(temporaryFolder(), 'page.html');
    await cli(command, '--html', path);
    const watched = await browser.open(pathToFileURL(path).href);
    // The evidence shows NULL
    watched.allow(/^shown: /);
    return watched;
  };

  it.each(Object.keys(states))(
    'are accessible in light and dark, on a phone and on paper: %s',
    async (state) => {
      if (state !== 'never-ran') await cli('migrate');
      for (const sql of states[state] ?? []) await database.session.query(sql);
      for (const command of ['verify', 'status']) {
        const watched = await open(command);
        const { page } = watched;
        expect(await page.title()).toContain(hostile);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          expect(await faults(watched)).toEqual([]);
        }
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        }
        // Nothing can be opened on paper
        await page.emulateMedia({ media: 'print' });
        const hidden = `[...document.querySelectorAll('details > *')].filter((one) => !one.checkVisibility()).length`;
        expect(await page.evaluate(hidden)).toBe(0);
        await page.emulateMedia({ media: 'screen' });
        // The keyboard opens each check
        for (const details of await page.locator('details').all()) {
          const isOpen = async (): Promise<boolean> => (await details.getAttribute('open')) !== null;
          const before = await isOpen();
          await details.locator('summary').press('Enter');
          expect(await isOpen()).toBe(!before);
          if (before) await details.locator('summary').press('Enter');
        }
        expect(await faults(watched)).toEqual([]);
      }
    },
  );
});
