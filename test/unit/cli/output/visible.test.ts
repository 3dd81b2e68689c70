import * as fc from 'fast-check';
import { Reporter } from '../../../../src/cli/output/reporter';
import { ProtectionFlowsError } from '../../../../src/errors';
import { Written } from '../terminal';

const isObeyed = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u;
/** The control sequences that this program prints itself, also to remove its progress line. */
const own = /\x1b\[(?:[12]|22|3[1-6]|39)m|\r\x1b\[K/gu;

/** Arbitrary text from a database, with many control characters for a terminal. */
const foreign = fc.string({
  unit: fc.constantFrom(
    '\x1b[2J',
    '\x1b]0;',
    '\x07',
    '\x9b',
    '\r',
    '\x08',
    '\x7f',
    '\u202e',
    '\u2066',
    'a',
    ' ',
    'ü',
  ),
});

/** Everything that a reporter prints about a name, in each form. */
function printed(name: string, json: boolean, env: NodeJS.ProcessEnv = {}): string {
  const isTerminal = env.GITHUB_ACTIONS === undefined;
  const [stdout, stderr] = [new Written(isTerminal, 60), new Written(isTerminal, 60)];
  const reporter = new Reporter(stdout, stderr, { json, color: true, env: { TERM: 'xterm', ...env } });
  reporter.lines([name]);
  reporter.result({ name }, ({ bold, red }) => [`${bold(name)} ${red('bad')}`]);
  const fault = { message: `there is no ${name}`, remedy: `DROP TABLE ${name};`, details: { id: name } };
  reporter.error(new ProtectionFlowsError('FLOW_NOT_FOUND', fault).toJSON());
  reporter.warning({ code: 'WRITER_CHANGED', message: name });
  reporter.note(`Note: ${name}`);
  reporter.statement(`SELECT ${name}`, 1);
  reporter.trace(name);
  reporter.progress({ migration: null, step: name });
  reporter.end();
  return stdout.text + stderr.text;
}

// Without these, a name in the database could clear an operator's screen, or make a failed proof look like one that passed.
describe('a control character for a terminal', () => {
  it.each([[false], [true]])('is shown and not executed, whatever prints it (--json: %s)', (json) => {
    fc.assert(
      fc.property(foreign, (name) => {
        expect(printed(name, json).replaceAll(own, '')).not.toMatch(isObeyed);
      }),
    );
  });

  it('stays the same value in JSON', () => {
    fc.assert(
      fc.property(foreign, (name) => {
        const stdout = new Written();
        new Reporter(stdout, new Written(), { json: true, color: false, env: {} }).result({ name }, () => []);
        expect(JSON.parse(stdout.text)).toEqual({ name });
      }),
    );
  });

  it('is not confused with a mark of this package', () => {
    const text = printed('x\x1b[2Jy', false);
    expect(text).toContain('x\\u001b[2Jy');
    expect(text).toContain('\x1b[31mbad\x1b[39m');
  });
});

// Without these, a flow's name could hide words in the log of a job, or suppress the job's errors.
describe('a workflow command for the runner of GitHub', () => {
  const inJob = { GITHUB_ACTIONS: 'true' };
  // Parses a line like ActionCommand.cs of the runner
  const isCommand = (line: string): boolean => line.trimStart().startsWith('::') || line.includes('##[');
  const name = fc.string({
    unit: fc.constantFrom('::', ':', '##[', '#', '[', '\n', ' ', '\t', 'add-mask', 'e'),
  });

  it.each([[false], [true]])(
    'is shown and not executed in its jobs, whatever prints it (--json: %s)',
    (json) => {
      fc.assert(
        fc.property(name, (one) => {
          const text = printed(one, json, inJob);
          expect(text.split(/\r?\n/).filter(isCommand)).toEqual([]);
          const begin = text.indexOf('{');
          if (json)
            expect(JSON.parse(text.slice(begin, text.indexOf('\n}', begin) + 2))).toEqual({ name: one });
        }),
      );
    },
  );

  it('is printed unchanged elsewhere', () => {
    expect(printed('::add-mask::e', false)).toContain('\n::add-mask::e\n');
    expect(printed('::add-mask::e', false, inJob)).toContain('\n\\u003a:add-mask::e\n');
  });
});
