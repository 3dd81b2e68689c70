import { preflightOutput } from '../../../../src/cli/output/findings';
import { verifyOutput } from '../../../../src/cli/output/verify';
import { styleFor } from '../../../../src/cli/output/style';
import { drifted, handMade, preflightResult } from '../fixed-results';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);
const refused = { ...preflightResult, findings: [handMade] };

// A table made by another program has dozens of differences: nobody would read them in one sentence.
describe('differences from the declared shape', () => {
  it.each<[string, string[]]>([
    ['a finding', [...preflightOutput.text(refused, plain)]],
    ['a check', [...verifyOutput.text(drifted, plain)]],
    ['a finding in Markdown', preflightOutput.markdown(refused)],
    ['a check in Markdown', verifyOutput.markdown(drifted)],
  ])(
    'are shown in a table of ten rows at most, which says where the others are listed: %s',
    (_what, lines) => {
      const found = lines.join('\n');
      expect(found).toMatch(/OBJECT +EXPECTED +FOUND|Object \| Expected \| Found/);
      expect(found.match(/column protection\S*flows\.column\S*_\d/g)).toHaveLength(
        10 *
          Math.max(
            1,
            drifted.checks.filter(({ status: state }) => state === 'fail' && /check/.test(_what)).length,
          ),
      );
      expect(found).toContain('and 2 more: protection-flows adopt lists them all');
      expect(found).toContain('12 differences');
      expect(found).toContain('missing');
    },
  );
});
