import { ProgressDisplay, Reporter } from '../../../../src/cli/output/reporter';
import { styleFor } from '../../../../src/cli/output/style';
import { fitText } from '../../../../src/cli/output/wrap';
import { ProtectionFlowsError } from '../../../../src/errors';
import { Written } from '../terminal';

const error = new ProtectionFlowsError('ROLLBACK_WOULD_LOSE_ROWS', {
  message: 'two lines\n  of message',
  remedy: 'DELETE FROM t\nWHERE a = 1;',
  details: { rows: 3n as unknown as number, table: 't' },
});
const escape = '\x1b';
afterEach(() => fitText(undefined));

describe('a reporter', () => {
  it('prints an error as three lines on stderr', () => {
    const [stdout, stderr] = [new Written(), new Written()];
    new Reporter(stdout, stderr, { json: false, color: true, env: {} }).error(error.toJSON());
    expect(stdout.text).toBe('');
    expect(stderr.text).toBe(
      'ROLLBACK_WOULD_LOSE_ROWS: two lines of message\n' +
        'Nothing was dropped; every row is still there.\n' +
        'Fix: DELETE FROM t WHERE a = 1;\n',
    );
  });

  it.each([
    ['a terminal', new Written(true, 40), {}],
    ['COLUMNS, where it is no terminal', new Written(), { COLUMNS: '40' }],
  ])('wraps an error, a warning and a note to the width of %s', (_what, stderr, env) => {
    const reporter = new Reporter(new Written(), stderr, { json: false, color: false, env });
    reporter.error({
      ...error.toJSON(),
      message: 'a message of so many words that no narrow terminal has room for all of them',
    });
    reporter.warning({ code: 'WRITER_CHANGED', message: 'the writes go to another host from now on' });
    reporter.note('Stopping after the current statement. Ctrl-C again quits at once.');
    const lines = stderr.text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(6);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines.join(' ')).toContain('WRITER_CHANGED: the writes go to another host from now on');
  });

  it('counts the differences of an error if it has many, and says where they are listed', () => {
    const stderr = new Written();
    const differences = ['a', 'b', 'c', 'd', 'e'];
    new Reporter(new Written(), stderr, { json: false, color: false, env: {} }).error({
      ...error.toJSON(),
      message: `table t is another one: ${differences.join('; ')}`,
      details: { differences },
    });
    expect(stderr.text).toContain('table t is another one: a; b; c; and 2 more: protection-flows adopt\n');
  });

  it('prints an error with --json as the one document on stdout', () => {
    const [stdout, stderr] = [new Written(), new Written()];
    new Reporter(stdout, stderr, { json: true, color: true, env: {} }).error(error.toJSON());
    expect(stderr.text).toBe('');
    expect(JSON.parse(stdout.text)).toEqual({
      error: { ...error.toJSON(), details: { rows: '3', table: 't' } },
    });
  });

  it('prints no text beside the JSON document', () => {
    const [stdout, stderr] = [new Written(true), new Written()];
    const reporter = new Reporter(stdout, stderr, { json: true, color: true, env: {} });
    reporter.lines(['text']);
    reporter.result({ ok: true, big: 1n }, () => ['more text']);
    expect(JSON.parse(stdout.text)).toEqual({ ok: true, big: '1' });
  });

  it.each([
    ['a terminal', true, {}, true, true],
    ['a pipe', false, {}, true, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR, which means nothing', true, { NO_COLOR: '' }, true, true],
    ['--no-color', true, {}, false, false],
    ['TERM=dumb', true, { TERM: 'dumb' }, true, false],
    ['a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true, false],
  ])('colours or not: %s', (_name, isTTY, env, color, expected) => {
    const stderr = new Written(isTTY);
    new Reporter(new Written(), stderr, { json: false, color, env }).error(error.toJSON());
    expect(stderr.text.includes(escape)).toBe(expected);
  });
});

describe('progress', () => {
  const style = styleFor(new Written(), {}, true);

  it('is one plain line per step without a terminal', () => {
    const stream = new Written();
    const display = new ProgressDisplay(stream, style);
    display.show({ migration: 'M', step: 'create table a' });
    display.show({ migration: 'M', step: 'create\n  table b' });
    display.clear();
    expect(stream.text).toBe('… create table a\n… create table b\n');
  });

  it('is shown on a terminal of unknown width', () => {
    const stream = new Written(true, 0);
    const display = new ProgressDisplay(stream, style);
    display.show({ migration: 'M', step: 'create table a' });
    display.clear();
    expect(stream.text).toContain('create table a');
  });

  it('rewrites one line on a terminal, never longer than its width, and removes the line at the end', () => {
    jest.useFakeTimers({ now: 0 });
    try {
      const stream = new Written(true, 30);
      const display = new ProgressDisplay(stream, style);
      display.show({ migration: 'M', step: `create table ${'x'.repeat(40)}` });
      jest.advanceTimersByTime(3_000);
      display.clear();
      expect(stream.text).not.toContain('\n');
      const lines = stream.text.split('\r\x1b[K');
      expect(lines.at(-1)).toBe('');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(30);
      expect(lines.at(-2)).toMatch(/^. create table x+… 3 s$/);
      jest.advanceTimersByTime(1_000);
      expect(stream.text.endsWith('\r\x1b[K')).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });
});
