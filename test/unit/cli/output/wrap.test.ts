import { labelled, wrap, wrapHard } from '../../../../src/cli/output/wrap';

describe('wrap', () => {
  it('breaks between words, and keeps the line breaks of the text', () => {
    expect(wrap('one two three\nfour', 8)).toEqual(['one two', 'three', 'four']);
  });

  it('breaks a word that is longer than the line', () => {
    expect(wrap('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
  });

  it('never breaks inside a quoted name or literal, because that would change it', () => {
    expect(wrap("use `my own db` or 'two words'", 10)).toEqual(['use', '`my own db`', 'or', "'two words'"]);
  });

  it('does not take an apostrophe for a quote', () => {
    expect(wrap("it doesn't and it can't be", 10)).toEqual(["it doesn't", 'and it', "can't be"]);
  });

  it('breaks inside a quoted name if the width is a hard limit', () => {
    expect(wrapHard('`abc def`', 4)).toEqual(['`abc', ' def', '`']);
  });
});

describe('labelled', () => {
  it('aligns the following lines, and leaves SQL whole', () => {
    const sql = `UPDATE t SET a = NULL WHERE ${'b = 1 AND '.repeat(10)}c = 2;`;
    expect(labelled('Fix: ', `Do this:\n${sql}`, 1)).toEqual([' Fix: Do this:', `      ${sql}`]);
  });
});
