import { recountOutput, recountProgress } from '../../../../src/cli/output/retention';
import { styleFor } from '../../../../src/cli/output/style';
import { recountResult } from '../fixed-recount';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);
const text = (part: Partial<typeof recountResult> = {}): string[] =>
  recountOutput.text({ ...recountResult, ...part }, plain).slice(2);

/** Guards that a reader sees the changes, and does not take a dry run for a real recount. */
describe('the text of recount', () => {
  it('shows for each flow the wrong counters, with the old and the new value', () => {
    expect(text()).toEqual([
      'Flow flow-1',
      '  - total_executions 3 → 2',
      '  - failed_executions 0 → 1',
      '  - last_execution_status running → error',
      '  - last_execution_time 2026-11-26T02:00:00.000Z → none',
      '',
      'Looked at 1,200 flows: 1 flow recounted.',
    ]);
    expect(recountOutput.markdown(recountResult).join('\n')).toContain('total\\_executions 3 → 2');
  });

  it('says that a dry run changed nothing, and that nothing was wrong', () => {
    expect(text({ dry_run: true }).at(-1)).toBe(
      'Looked at 1,200 flows: 1 flow to recount. Nothing was changed: it was a dry run.',
    );
    expect(text({ recounted: [] })).toEqual(['Looked at 1,200 flows: all agree with their executions.']);
  });

  it('prints progress at once, and then seldom', () => {
    const told: string[] = [];
    const progress = recountProgress(({ step }) => void told.push(step), false);
    for (const flows of [100, 200, 300]) progress({ flows, totalFlows: 300, wrong: 2 });
    expect(told).toEqual(['recounting: 100 of 300 flows, 2 wrong']);
  });
});
