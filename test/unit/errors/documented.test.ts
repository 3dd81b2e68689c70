import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { codesOfRules } from '../preflight/codes-of-rules';
import { exitCodeOf } from '../../../src/cli/error-report';
import { settingNames, settingsTable, spelling } from '../../../src/config';
import { errorCodes, type ErrorCode } from '../../../src/errors';
import type { FindingEffect } from '../../../src/engine/preflight';
import { checkIds, verdicts, type CheckStatus } from '../../../src/engine/verify';

const folder = resolve(__dirname, '../../../docs');

const read = (name: string): string => readFileSync(resolve(folder, name), 'utf8');
/** Replaces each sequence of blanks and line breaks by one blank. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** The part of a document under a heading, up to the next one of the same or a higher level, without its code blocks. */
function section(document: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 1;
  const lines = document.replaceAll(/^( *)```[^]*?^\1```$/gm, '').split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`there is no heading ${heading}`);
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** The rows of the tables in a text: name in backquotes in the first cell, and the whole row. */
function rows(text: string): { readonly name: string; readonly row: string }[] {
  return text.split('\n').flatMap((row) => {
    const name = /^\| `([^`]+)`/.exec(row)?.[1];
    return name === undefined ? [] : [{ name, row: flat(row) }];
  });
}

const names = (text: string): string[] => rows(text).map(({ name }) => name);
const keysOf = <Name extends string>(record: Record<Name, true>): string[] => Object.keys(record).sort();

// Without these, the documents could miss a code or an option that was added, renamed or dropped.
describe('docs/errors.md', () => {
  const document = read('errors.md');
  const codes = Object.keys(errorCodes) as ErrorCode[];
  const headings = [...document.matchAll(/^### ([A-Z]+(?:_[A-Z0-9]+)*)$/gm)].map(([, code]) => code);

  it('has one heading for every code, and none for another', () => {
    expect([...headings].sort()).toEqual([...codes].sort());
  });

  it.each(codes)('says for %s its cause, its consequence, its fix and its exit code', (code) => {
    const { stage, consequence } = errorCodes[code];
    const text = section(document, `### ${code}`);
    expect(text).toMatch(/^- When: \S/m);
    expect(flat(text)).toContain(`- Consequence: ${consequence} - Fix: `);
    expect(text).toMatch(new RegExp(`^- Exit code: ${exitCodeOf(stage)}$`, 'm'));
  });

  it('names only existing codes', () => {
    const others = /^(?:DATABASE_URL|PROTECTION_FLOWS_[A-Z_]+)$/;
    const words = document.match(/\b[A-Z]+(?:_[A-Z0-9]+)+\b/g) ?? [];
    const unknown = words.filter((word) => !codes.includes(word as ErrorCode) && !others.test(word));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('explains every effect of a finding, and no other', () => {
    const effects = keysOf<FindingEffect>({
      blocking: true,
      'key-refused': true,
      deferred: true,
      mended: true,
      noted: true,
    });
    const text = section(document, '## Findings of preflight');
    const found = names(text).filter((name) => /^[a-z-]+$/.test(name));
    expect(found.sort()).toEqual(effects);
  });

  it('says the effect of each finding of a rule, and of nothing else', () => {
    const text = section(document, '## Findings of preflight');
    const found = names(text).filter((name) => /^[A-Z_]+$/.test(name));
    expect(found.sort()).toEqual(codesOfRules());
  });
});

describe('docs/verify.md', () => {
  const document = read('verify.md');

  it('explains every verdict, in the order in which they are tried', () => {
    expect(names(section(document, '## The verdicts'))).toEqual([...verdicts]);
  });

  it('explains every check and every status, and no other', () => {
    const statuses = keysOf<CheckStatus>({ pass: true, fail: true, deferred: true, noted: true, skip: true });
    const known = section(document, '### Statuses');
    expect(names(known).sort()).toEqual(statuses);
    const checks = names(section(document, '## The checks')).filter((name) => !statuses.includes(name));
    expect(checks.sort()).toEqual([...checkIds, 'statistics'].sort());
  });
});

describe('docs/configuration.md', () => {
  it('shows every setting as the table in the code: names in each source, value and default', () => {
    const code = (word: string | null): string => (word === null ? '' : `\`${word}\``);
    const wanted = settingNames.map((name) => [
      code(name),
      ...(['url', 'environment', 'program'] as const).map((source) => code(spelling(name, source))),
      settingsTable[name].means,
      settingsTable[name].otherwise,
    ]);
    const text = section(read('configuration.md'), '## The settings');
    const found = rows(text).map(({ row }) => row.split('|').slice(1, -1));
    expect(found.map((cells) => cells.map((cell) => cell.trim()))).toEqual(wanted);
  });
});
