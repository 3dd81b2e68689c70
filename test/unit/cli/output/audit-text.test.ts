import { auditOutput } from '../../../../src/cli/output/audit';
import { styleFor } from '../../../../src/cli/output/style';
import { auditResult } from '../fixed-audit';
import { Written } from '../terminal';

/** Guards that a reader sees the missed runs, and not the runs that were on time. */
describe('the text of audit', () => {
  it('lists for each flow the runs that were not on time, then the number of runs of each kind', () => {
    expect(auditOutput.text(auditResult, styleFor(new Written(), {}, true)).slice(2)).toEqual([
      'Nightly flow-1',
      '  - unknown: 2026-11-20T00:00:00.000Z to 2026-11-20T01:00:00.000Z (not-recorded)',
      '  - late: 1 run, 2026-11-20T03:00:00.000Z, by 3,600 s',
      '  - missed: 3 runs, 2026-11-20T04:00:00.000Z to 2026-11-20T06:00:00.000Z',
      '    (no-trace)',
      '',
      '5 runs of 2 flows, 2026-11-20T00:00:00.000Z to 2026-11-20T12:00:00.000Z: 1',
      'on-time, 1 late, 0 skipped, 3 missed. Unknown: 1 span of time.',
    ]);
    expect(auditOutput.markdown(auditResult).join('\n')).toContain('  - missed: 3 runs');
  });
});
