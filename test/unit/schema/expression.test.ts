import { canonicalExpression, sameExpression } from '../../../src/engine/schema/expression';

const declared =
  "(`flow_type` = 'backup' AND `repository_id` IS NOT NULL) OR (`flow_type` = 'replication' AND `destination_type` IS NOT NULL)";

// Without these, a weakened CHECK could count as the declared one, or the declared one as changed.
describe('two conditions are the same', () => {
  it.each([
    [
      'as MariaDB prints it',
      "`flow_type` = 'backup' and `repository_id` is not null or `flow_type` = 'replication' and `destination_type` is not null",
    ],
    [
      'as MySQL prints it',
      "(((`flow_type` = _utf8mb4\\'backup\\') and (`repository_id` is not null)) or ((`flow_type` = _utf8mb4\\'replication\\') and (`destination_type` is not null)))",
    ],
    [
      'in another order',
      "destination_type IS NOT NULL AND 'replication' = flow_type OR repository_id IS NOT NULL AND flow_type = 'backup'",
    ],
    [
      'with NOT outside',
      '(flow_type = "backup" && NOT (repository_id IS NULL)) || (flow_type = "replication" && NOT ISNULL(destination_type))',
    ],
  ])('%s', (_name, shown) => expect(sameExpression(declared, shown)).toBe(true));

  it.each([
    ["c IN ('it''s','b\\\\c')", "(`c` in (_utf8mb4\\'it\\\\\\'s\\',_utf8mb4\\'b\\\\\\\\c\\'))"],
    ['a + b * d > 3', '((`a` + (`b` * `d`)) > 3)'],
    ['NOT (a BETWEEN 1 AND 2) AND b', '((`a` not between 1 and 2) and (0 <> `b`))'],
    ["c LIKE 'a%' AND !a", "((`c` like _utf8mb4\\'a%\\') and (0 = `a`))"],
    ["c REGEXP '^a' IS TRUE", "(regexp_like(`c`,_utf8mb4\\'^a\\') is true)"],
    ['-a < ~b', '(-(`a`) < ~(`b`))'],
    ['NOT (a = 1 OR b = 2)', '((`a` <> 1) and (`b` <> 2))'],
    ['a XOR b OR d', '(((0 <> `a`) xor (0 <> `b`)) or (0 <> `d`))'],
    ['a MOD 2 = 1', '((`a` % 2) = 1)'],
    ['a IN (1)', '`a` = 1'],
    ['a >= 1', '1 <= `A`'],
    ['t.a = 1', '`a` = 1'],
  ])('%s and %s', (one, other) => expect(sameExpression(one, other)).toBe(true));
});

describe('two conditions differ', () => {
  it.each([
    ['a tautology added', `${declared} OR 1 = 1`],
    ['TRUE added', `(${declared}) OR TRUE`],
    ['OR for AND', declared.replace('AND', 'OR')],
    ['IS NULL for IS NOT NULL', declared.replace('IS NOT NULL', 'IS NULL')],
    ['a half left out', "`flow_type` = 'backup' AND `repository_id` IS NOT NULL"],
    ['another literal', declared.replace("'backup'", "'backups'")],
    ['another column', declared.replace('repository_id', 'policy_id')],
    ['a literal that looks like a column', declared.replace("'backup'", '`backup`')],
    [
      'other parentheses',
      "`flow_type` = 'backup' AND (`repository_id` IS NOT NULL OR `flow_type` = 'replication') AND `destination_type` IS NOT NULL",
    ],
    ['negated', `NOT (${declared})`],
    [
      'a column only compared with itself',
      declared.replace("`flow_type` = 'backup'", '`flow_type` = `flow_type`'),
    ],
    ['text in a literal that looks like SQL', declared.replace("'backup'", "'backup'' OR ''1'")],
  ])('%s', (_name, other) => expect(sameExpression(declared, other)).toBe(false));

  it.each([
    ['(a + b) * d > 3', 'a + b * d > 3'],
    ['a = (b = d)', '(a = b) = d'],
    ['a - (b - d) > 0', 'a - b - d > 0'],
    ['a - b > 0', 'b - a > 0'],
    ['NOT (a AND b)', 'NOT a AND b'],
    ['!a = 1', 'NOT (a = 1)'],
    ['a BETWEEN 1 AND 2 OR b', 'a BETWEEN 1 AND (2 OR b)'],
    ['a LIKE b', 'b LIKE a'],
    ['a < b', 'a <= b'],
    ['a <=> b', 'a = b'],
    ["a = 'x'", "a = 'X'"],
    ["a = '1'", 'a = 1'],
    ['CASE WHEN a THEN b END', 'CASE WHEN b THEN a END'],
    ['json_valid(a) OR 1', 'json_valid(a)'],
  ])('%s and %s', (one, other) => expect(sameExpression(one, other)).toBe(false));

  it('if they cannot be parsed and are not equal as texts', () => {
    expect(sameExpression('a @ b', 'a @ b')).toBe(true);
    expect(sameExpression('a @ b', 'a @ c')).toBe(false);
    expect(sameExpression("a = 'open", 'a')).toBe(false);
    expect(canonicalExpression('CAST(a AS CHAR) = 1')).toMatch(/^unparsed/);
  });
});
