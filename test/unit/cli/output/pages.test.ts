import { HtmlValidate } from 'html-validate';
import { statusPage, verifyPage } from '../../../../src/cli/output/page/pages';
import type { KeyStatus, StatusResult } from '../../../../src/engine/migrate/results';
import type { VerifyReport } from '../../../../src/engine/verify/report';
import { drifted, report, status } from '../fixed-results';

const at = new Date('2026-11-27T13:04:05.678Z');
const hostile = `<img src=x onerror=alert(1)>&"'\u202e`;
const key = (table: string, parentTable: string, more: Partial<KeyStatus> = {}): KeyStatus => ({
  name: `fk_${table}_${parentTable}`,
  status: 'present',
  table,
  column: `${parentTable}_id`,
  parentTable,
  parentColumn: 'id',
  onDelete: 'CASCADE',
  ...more,
});
const withKeys = (...keys: KeyStatus[]): StatusResult => ({ ...status, keys });

const pages: Readonly<Record<string, () => string>> = {
  'a proof that failed': () => verifyPage(drifted, status, at),
  'a proof': () => verifyPage({ ...report, ok: true, verdict: 'proven', checks: [] }, status, at),
  'a state': () => statusPage(status, at),
  'a state of no keys and no migrations': () =>
    statusPage({ ...status, keys: [], migrations: [], guards: 'absent' }, at),
  'tables that refer to themselves and in a circle': () =>
    statusPage(withKeys(key('a', 'a'), key('a', 'b'), key('b', 'a', { status: 'missing' })), at),
  'hostile names everywhere': () =>
    verifyPage(
      {
        ...report,
        database: hostile,
        checks: [
          {
            id: hostile,
            status: 'fail',
            summary: hostile,
            remedy: hostile,
            evidence: [{ sql: hostile, rows: [{ [hostile]: hostile }] }],
            differences: [
              {
                object: 'index',
                table: hostile,
                name: hostile,
                property: hostile,
                expected: null,
                actual: hostile,
              },
            ],
          },
        ],
      },
      {
        ...withKeys(key(hostile, `${hostile}2`)),
        migrations: [{ name: hostile, status: 'applied', appliedAt: null, breaking: hostile }],
      },
      at,
    ),
};

// Without these, a page could show the text of a name as markup, or contain invalid HTML.
describe('the pages of verify and status', () => {
  it.each(Object.entries(pages))('are correct HTML: %s', async (_name, make) => {
    const { results } = await new HtmlValidate({
      extends: ['html-validate:recommended', 'html-validate:document'],
      // A database's name alone may have 64 characters
      rules: { 'long-title': 'off' },
    }).validateString(make());
    expect(
      results.flatMap(({ messages }) =>
        messages.map(({ ruleId, message, line }) => `${ruleId} ${line}: ${message}`),
      ),
    ).toEqual([]);
  });

  it('show every text unchanged, and never as markup', () => {
    const page = pages['hostile names everywhere']!();
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;\\u202e');
  });

  it('load nothing from outside the page', () => {
    for (const make of Object.values(pages)) {
      const page = make();
      expect(page).not.toMatch(/<(?:script|link|img|iframe)\b|url\(|https?:|@import|<[^>]*\ssrc=/);
      expect(page).toMatch(/content="default-src &#39;none&#39;; style-src &#39;sha256-[^"]+"/);
    }
  });

  it('say what was found, in which database, and when', () => {
    const page = verifyPage(drifted, status, at);
    for (const text of [
      'DRIFTED',
      'Database migratekit_oma on MySQL 9.7.0',
      '2026-11-27 13:04:05 UTC',
      'key-compatibility',
      'c6',
      'column protection_flows.column_11',
      'ALTER TABLE `protection_flows` MODIFY',
      'CreateProtectionFlowTables1753000000001',
      '2026-01-02 03:04:05 UTC',
      'SET NULL, deferred',
    ])
      expect(page).toContain(text);
    const failed: VerifyReport['checks'][number]['id'] = 'key-compatibility';
    expect(page).toMatch(new RegExp(`<details open>\\s*<summary><b class="bad">fail</b> <b>${failed}`));
  });

  it.each([
    ['present', 'good', 'solid', 'CASCADE'],
    ['deferred', 'open', 'dashed', 'CASCADE, deferred'],
    ['missing', 'bad', 'dotted', 'CASCADE, missing'],
    ['differs', 'bad', 'dashed', 'CASCADE, differs'],
  ])('draw a key that is %s in its own way, and name its state', (state, mood, line, rule) => {
    const drawn = key('child', 'parent', { status: state === 'differs' ? 'present' : (state as 'present') });
    const differences = [
      {
        object: 'foreign-key',
        table: 'child',
        name: drawn.name,
        property: 'on delete',
        expected: 'CASCADE',
        actual: 'RESTRICT',
      },
    ] as const;
    const checks = [
      { id: 'foreign-keys', status: 'fail', summary: '', evidence: [], remedy: null, differences },
    ] as const;
    const page = verifyPage({ ...report, checks: state === 'differs' ? checks : [] }, withKeys(drawn), at);
    expect(page).toMatch(
      new RegExp(`<g class="${mood}"><path class="${line}"[^>]*/><text [^>]*>${rule}</text>`),
    );
    expect(page).toContain(`<td><b class="${mood}">${state}</b></td>`);
  });
});
