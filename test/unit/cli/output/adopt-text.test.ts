import { adoptOutput } from '../../../../src/cli/output/adopt';
import { styleFor } from '../../../../src/cli/output/style';
import type { AdoptQuestion } from '../../../../src/engine/adopt';
import { adoptResult } from '../fixed-results';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);
const text = (...lines: string[]): string => lines.join('\n');

/** An open question, with a row that would start by itself and one that would not. */
const schedulesQuestion: AdoptQuestion = {
  id: 'schedules',
  asks: '2 flows are enabled and never ran by their schedule. A scheduler runs them.',
  answer: null,
  status: 'unanswered',
  choices: [
    { answer: 'on', does: 'lets them run', option: '--schedules=on' },
    { answer: 'off', does: 'disables them', option: '--schedules=off' },
  ],
  rows: [
    { id: 'flow-1', name: 'Nightly *web*', next: new Date('2026-11-27T02:00:00Z'), reason: null },
    { id: 'flow-2', name: 'Old tape', next: null, reason: 'the schedule is disabled' },
  ],
};

// Guards that the text of adopt shows the backups that will start by themselves, and how to prevent that.
describe('the text of an adopt that asks', () => {
  it('shows what would start by itself, and the options that allow or prevent it', () => {
    const asked = { ...adoptResult, questions: [schedulesQuestion] };
    const shown = text(...adoptOutput.text(asked, plain));
    expect(shown).toContain(
      text(
        'Yours to decide: 2 flows are enabled and never ran by their schedule. A',
        'scheduler runs them.',
        '  - Nightly *web*: 2026-11-27T02:00:00.000Z',
        '  - Old tape: no next run, the schedule is disabled',
        '  --schedules=on lets them run',
        '  --schedules=off disables them',
      ),
    );
    expect(shown).toMatch(
      /Nothing was changed: 2 decisions to take first\. Then adopt again, with\s+--schedules=on or --schedules=off\.$/,
    );
    const markdown = adoptOutput.markdown(asked).join('\n');
    expect(markdown).toContain('adopt: 2 repairs, 2 decisions, 0 migrations recorded');
    expect(markdown).toContain('- Nightly \\*web\\*: 2026-11-27T02:00:00.000Z\n');

    const answered = {
      ...asked,
      decisions: [],
      questions: [{ ...schedulesQuestion, answer: 'off', status: 'answered' }],
    } as const;
    const left = text(...adoptOutput.text(answered, plain));
    expect(left).toContain(
      '  - Old tape: no next run, the schedule is disabled\n  --schedules=off disables them\n',
    );
    expect(left).toMatch(
      /1 repair to make\. To carry them out: protection-flows adopt\s+--repair --schedules=off$/,
    );
    expect(text(...adoptOutput.text({ ...answered, repairs: [] }, plain))).toMatch(/it was a dry run\./);
  });
});
