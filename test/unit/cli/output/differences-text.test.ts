import { preflightMarkdown, verifyMarkdown } from '../../../../src/cli/output/markdown';
import { styleFor } from '../../../../src/cli/output/style';
import { preflightText, verifyText } from '../../../../src/cli/output/text';
import { drifted, handMade, preflightResult } from '../fixed-results';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);
const refused = { ...preflightResult, findings: [handMade] };

// A table of another's making has dozens of differences: joined to one sentence, nobody reads them.
describe('differences from the declared shape', () => {
  it.each<[string, string[]]>([
    ['a finding', [...preflightText(refused, plain)]],
    ['a check', [...verifyText(drifted, plain)]],
    ['a finding in Markdown', preflightMarkdown(refused)],
    ['a check in Markdown', verifyMarkdown(drifted)],
  ])('are a table of ten rows at most, with the way to the others: %s', (_what, lines) => {
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
  });
});
