import { Reporter } from '../../../src/cli/output/reporter';
import { statusOutput } from '../../../src/cli/output/status';
import type { Style } from '../../../src/cli/output/style';
import { fitText } from '../../../src/cli/output/wrap';
import { status } from './fixed-results';
import { env, ran } from './ran';
import { Written } from './terminal';

afterEach(() => fitText(undefined));

function reporterOn(stdout: Written): { style: Style; asTyped: (text: string) => string } {
  const reporter = new Reporter(stdout, stdout, { json: false, color: false, env: { npm_command: 'exec' } });
  return { style: reporter.style, asTyped: (text) => reporter.asTyped(text) };
}

describe('started by npm', () => {
  const byNpm = { env: { ...env, npm_command: 'exec' } };

  // Without this, a fix printed under npx would name a command that the shell does not find
  it('prints its commands as they are typed with npm, but only in text for people', async () => {
    expect((await ran('status', byNpm)).stdout).toMatch(/(?<!npx )npx protection-flows migrate/);
    expect((await ran('guard', byNpm)).stderr).toContain('See npx protection-flows guard --help');
    expect((await ran('status')).stdout).not.toContain('npx');
    for (const form of ['--json', '--markdown'])
      expect((await ran(`status ${form}`, byNpm)).stdout).not.toContain('npx');
    expect((await ran('guard --json', byNpm)).stdout).not.toContain('npx');
  });

  it('keeps to the width of the terminal', () => {
    // At one of these widths, a line with a command is exactly as long as allowed
    for (let columns = 50; columns <= 80; columns += 1) {
      const { style, asTyped } = reporterOn(new Written(true, columns));
      for (const line of statusOutput.text(status, style))
        expect(asTyped(line).length).toBeLessThanOrEqual(columns);
    }
  });
});
