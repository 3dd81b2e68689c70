import { preflightOutput } from '../../../../src/cli/output/findings';
import { styleFor } from '../../../../src/cli/output/style';
import { findings, preflightResult, where } from '../fixed-results';
import { Written } from '../terminal';

/** Guards what `preflight` prints in a terminal: the obstacles first, and the verdict in the last line. */
const style = styleFor(new Written(), {}, false);
const of = (...effects: string[]) => findings.filter(({ effect }) => effects.includes(effect));

it('says how many findings stop migrate, and prints the SQL of each fix on separate lines', () => {
  const lines = preflightOutput.text(preflightResult, style);
  expect(lines.slice(0, 3)).toEqual(['Database migratekit_oma on MariaDB 10.11.14', '', 'Findings']);
  expect(lines.filter((line) => /blocks migrate|left for a/.test(line))).toEqual([
    '  FK_ORPHAN_ROWS (blocks migrate)',
    '  PRIVILEGE_MISSING (blocks migrate)',
    '  FK_PARENT_MISSING (left for a later migrate)',
  ]);
  expect(lines.some((line) => line.trim().startsWith('UPDATE') && line.endsWith(';'))).toBe(true);
  expect(lines.slice(-2).join(' ')).toBe(
    '2 findings would stop migrate before its first statement. Apply the fixes and run preflight again.',
  );
});

it('says that migrate would leave a late key out', () => {
  const late = of('blocking').map((finding) => ({ ...finding, effect: 'key-refused' as const }));
  expect(
    preflightOutput
      .text({ ok: false, ...where, findings: late.slice(0, 1) }, style)
      .slice(-2)
      .join(' '),
  ).toBe('Migrate would leave out a key: 1 finding. Apply the fixes and run preflight again.');
});

it('says that nothing blocks migrate, and names the deferred keys', () => {
  expect(preflightOutput.text({ ok: true, ...where, findings: [] }, style)).toEqual([
    'Database migratekit_oma on MariaDB 10.11.14',
    '',
    'Nothing blocks migrate.',
  ]);
  expect(preflightOutput.text({ ok: true, ...where, findings: of('deferred') }, style).at(-1)).toBe(
    'Nothing blocks migrate, with 1 deferred key left for later.',
  );
});
