import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder, program, runCommandLine } from './command-line';

const file = (content: string): string => {
  const path = join(emptyFolder(), 'c.json');
  writeFileSync(path, content);
  return path;
};
const url = (text: string) => ({ DATABASE_URL: text });

describe('a fault that is visible before connecting', () => {
  it.each<[string, string[], NodeJS.ProcessEnv, string]>([
    ['no command', [], {}, 'USAGE'],
    ['an unknown command', ['upgrade'], {}, 'USAGE'],
    ['an unknown option', ['status', '--loud'], {}, 'USAGE'],
    ['a bad argument', ['rollback', '--steps', '-1'], {}, 'USAGE'],
    ['a flow that has no id', ['audit', '--flow', ' '], {}, 'USAGE'],
    ['no configuration', ['status'], {}, 'CONFIG_MISSING'],
    ['a malformed DATABASE_URL', ['status'], url('mysql://u:hush#x@h/d'), 'CONFIG_INVALID'],
    ['a postgres URL', ['status'], url('postgres://u:hush@h/d'), 'CONFIG_INVALID'],
    ['a bad port', ['status'], url('mysql://u:hush@h:99999/d'), 'CONFIG_INVALID'],
    ['too few DB_* variables', ['status'], { DB_PASSWORD: 'hush' }, 'CONFIG_INVALID'],
    ['a missing file', ['status', '--config', 'none.json'], {}, 'CONFIG_UNREADABLE'],
    ['a malformed file', ['status', '--config', file('{"password":"hush",}')], {}, 'CONFIG_INVALID'],
    ['an unknown option in a file', ['status', '--config', file('{"hots":"h"}')], {}, 'CONFIG_INVALID'],
    ['synchronize', ['status', '--config', file('{"synchronize":true}')], {}, 'OPTION_REFUSED'],
  ])('ends 64 with three lines or one JSON document: %s', async (_name, args, env, code) => {
    const [text, json] = await Promise.all([
      runCommandLine(args, { env }),
      runCommandLine([...args, '--json'], { env }),
    ]);
    expect(text).toMatchObject({ exitCode: 64, stdout: '' });
    expect(text.stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^${code}: .`)),
      'Nothing was read or changed: no connection was opened.',
      expect.stringMatching(/^Fix: ./),
    ]);
    expect(json).toMatchObject({ exitCode: 64, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual({
      error: {
        code,
        message: expect.any(String) as string,
        consequence: expect.any(String) as string,
        remedy: expect.any(String) as string,
        details: expect.any(Object) as object,
      },
    });
    expect(text.stderr + json.stdout).not.toContain('hush');
  });

  it('is reported without loading TypeORM or mysql2, which would take most of the time', () => {
    const witness = join(emptyFolder(), 'witness.js');
    writeFileSync(
      witness,
      `process.on('exit', () => process.stderr.write(Object.keys(require.cache).join('\\n')));`,
    );
    for (const args of [['--help'], ['status'], ['nonsense']]) {
      const { stderr } = spawnSync(process.execPath, ['--require', witness, program, ...args], {
        cwd: emptyFolder(),
        env: { PATH: process.env.PATH },
        encoding: 'utf8',
      });
      expect(stderr).toContain('dist/parts/engine.js');
      expect(stderr).not.toMatch(/node_modules\/(?:typeorm|mysql2)\//);
    }
  });
});

describe('help', () => {
  it('ends 0, also if its reader closes the pipe early', () => {
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${program}" --help | head -n 1`],
      {
        encoding: 'utf8',
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
