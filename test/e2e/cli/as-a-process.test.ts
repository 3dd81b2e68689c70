import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockName } from '../../../src/engine/session/lock';
import { useDatabase } from '../../support/database';
import { runProgram, type ProgramEnd } from '../../support/run-program';
import { waitFor } from '../../support/wait-for';
import { emptyFolder, migrateWaits, program, runCommandLine } from './command-line';

/** Guards that the streams, the folder and the terminal of a command neither hide its result nor cut its work off. */
const database = useDatabase({ platform: 'mixed', per: 'each' });

/** Runs a shell line in which `$0 $1` is the program. */
const inShell = (line: string, cwd = emptyFolder()): Promise<ProgramEnd> =>
  runProgram('sh', ['-c', line, process.execPath, program], { cwd, env: { DATABASE_URL: database.url } });

describe('a command with --json', () => {
  it.each([
    ['help', { help: expect.stringMatching(/^Usage: [^]*\n {2}130 /) as string }],
    ['--help', { help: expect.stringMatching(/^Usage: [^]*\n {2}130 /) as string }],
    [
      'help migrate',
      { help: expect.stringMatching(/^Usage: protection-flows migrate [^]*\nExit code: /) as string },
    ],
    ['migrate --help', { help: expect.stringMatching(/^Usage: protection-flows migrate /) as string }],
    ['--version', { version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string }],
  ])('prints one JSON document: %s', async (line, document) => {
    const { exitCode, stdout, stderr } = await runCommandLine([...line.split(' '), '--json']);
    expect({ exitCode, stderr, document: JSON.parse(stdout) as unknown }).toEqual({
      exitCode: 0,
      stderr: '',
      document,
    });
  });

  it('does its work and prints its document although the disk has no space for the log', async () => {
    const { exitCode, stdout } = await inShell('exec "$0" "$1" migrate --json 2> /dev/full');
    expect({ exitCode, document: JSON.parse(stdout) as unknown }).toMatchObject({
      exitCode: 0,
      document: { ok: true },
    });
    const again = await inShell('exec "$0" "$1" status --json 2> /dev/full');
    expect({ exitCode: again.exitCode, document: JSON.parse(again.stdout) as unknown }).toMatchObject({
      exitCode: 0,
      document: { ok: true },
    });
  });
});

it('a command that writes nothing to a full stream ends with the exit code of its own fault', async () => {
  const { exitCode, stderr } = await inShell('exec "$0" "$1" nonsense > /dev/full');
  expect({ exitCode, lines: stderr.trimEnd().split('\n') }).toEqual({
    exitCode: 64,
    lines: [expect.stringMatching(/^USAGE: /), expect.any(String), expect.stringMatching(/^Fix: /)],
  });
});

it('a command says in three lines what is missing if its working folder was removed', async () => {
  const gone = join(emptyFolder(), 'gone');
  const { exitCode, stderr } = await inShell(
    `mkdir "${gone}"; cd "${gone}"; rmdir "${gone}"; DATABASE_URL= exec "$0" "$1" status`,
  );
  expect({ exitCode, lines: stderr.trimEnd().split('\n') }).toEqual({
    exitCode: 64,
    lines: [
      expect.stringMatching(new RegExp(`^CONFIG_MISSING: .* and ${gone} has no ormconfig.json$`)),
      expect.any(String),
      expect.stringMatching(/^Fix: /),
    ],
  });
  const connected = await inShell(
    `mkdir "${gone}"; cd "${gone}"; rmdir "${gone}"; exec "$0" "$1" status --json`,
  );
  expect(JSON.parse(connected.stdout)).toMatchObject({ database: database.name });
});

it.each([
  ['status', '--html', 'USAGE'],
  ['migrate', '--out', 'PLAN_FILE_UNUSABLE'],
])(
  'a command does not replace a symbolic link whose file is missing: %s %s',
  async (command, option, code) => {
    const folder = emptyFolder();
    symlinkSync('elsewhere', join(folder, 'link'));
    const { exitCode, stderr } = await runCommandLine([command, option, join(folder, 'link')], {
      env: { DATABASE_URL: database.url },
    });
    expect(stderr).toMatch(
      new RegExp(
        `^${code}: .*link cannot be (?:written|used): it is a symbolic link to a file that is not there\n`,
      ),
    );
    expect(exitCode).toBe(64);
    expect(readdirSync(folder, { withFileTypes: true }).map((one) => one.isSymbolicLink())).toEqual([true]);
  },
);

// The shell and the kernel both signal the program, and each of its writes fails from then on
it('a command stops when its terminal closes', async () => {
  await database.session.query(`SELECT GET_LOCK('${lockName('sendense_flow', database.name)}', 0)`);
  const folder = emptyFolder();
  const [witness, seen] = [join(folder, 'witness.js'), join(folder, 'seen')];
  writeFileSync(
    witness,
    `const tell = (what) => require('node:fs').appendFileSync(${JSON.stringify(seen)}, what + '\\n');
     process.on('uncaughtExceptionMonitor', (error) => tell(error.message));
     process.on('exit', (code) => tell('exit ' + code));`,
  );
  const command = `exec "${process.execPath}" --require "${witness}" "${program}" migrate`;
  const terminal = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH, SHELL: '/bin/sh', DATABASE_URL: database.url },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await migrateWaits(database);
  terminal.kill('SIGKILL');
  await waitFor(() => existsSync(seen) && readFileSync(seen, 'utf8').includes('exit'));
  expect(readFileSync(seen, 'utf8')).toBe('exit 2\n');
});
