import { adoptOutput } from '../../../../src/cli/output/adopt';
import { preflightOutput } from '../../../../src/cli/output/findings';
import { migrateOutput, planOutput } from '../../../../src/cli/output/migrate';
import { pruneOutput } from '../../../../src/cli/output/retention';
import { restoreOrphansOutput } from '../../../../src/cli/output/restore-orphans';
import { rollbackOutput, rollbackPlanOutput } from '../../../../src/cli/output/rollback';
import { statusOutput } from '../../../../src/cli/output/status';
import { schemaFitOutput, verifyOutput } from '../../../../src/cli/output/verify';
import { fitText } from '../../../../src/cli/output/wrap';
import { styleFor } from '../../../../src/cli/output/style';
import {
  adoptResult,
  drifted,
  findings,
  handMade,
  migrateResult,
  plan,
  preflightResult,
  pruneResult,
  report,
  restoreOrphansResult,
  rollbackPlan,
  rollbackResult,
  status,
  where,
} from '../fixed-results';
import { keptPlan, schemaFit } from '../fixed-deployment';
import { Written } from '../terminal';

const plain = styleFor(new Written(), {}, true);
const coloured = styleFor(new Written(true), {}, true);
const withoutColour = (text: string): string => text.replaceAll(/\x1b\[\d+m/g, '');
const text = (...lines: string[]): string => lines.join('\n');
const isSql = (line: string): boolean =>
  /^\s*(?:-- )?\s*(?:Fix: |Seen with: )?(?:ALTER|SELECT|UPDATE|GRANT|CREATE) |^\s*`[^`]+`\.`[^`]+`$/.test(
    line,
  );

const all: [string, (style: typeof plain) => readonly string[]][] = [
  ['migrate', (style) => migrateOutput.text({ ...migrateResult, findings: [...findings, handMade] }, style)],
  ['plan', (style) => planOutput.text({ ...plan, findings: [...findings, handMade] }, style)],
  ['preflight', (style) => preflightOutput.text({ ...preflightResult, findings: [handMade] }, style)],
  ['adopt', (style) => adoptOutput.text(adoptResult, style)],
  ['rollback', (style) => rollbackOutput.text(rollbackResult, style)],
  [
    'rollback that had nothing to do',
    (style) => rollbackOutput.text({ ...rollbackResult, undone: [] }, style),
  ],
  ['rollback --plan', (style) => rollbackPlanOutput.text(rollbackPlan, style)],
  ['restore-orphans', (style) => restoreOrphansOutput.text(restoreOrphansResult, style)],
  ['prune', (style) => pruneOutput.text(pruneResult, style)],
  ['status', (style) => statusOutput.text(status, style)],
  ['verify', (style) => verifyOutput.text(report, style)],
  ['a kept plan', (style) => planOutput.text(keptPlan, style)],
  ['check', (style) => schemaFitOutput('check').text(schemaFit, style)],
  [
    'check of what fits',
    (style) =>
      schemaFitOutput('check').text(
        { ...schemaFit, ok: true, state: 'fits', remedy: null, differences: [] },
        style,
      ),
  ],
  ['verify that found differences', (style) => verifyOutput.text(drifted, style)],
];

afterEach(() => fitText(undefined));

describe.each(all)('the text of %s', (_name, make) => {
  it.each([80, 40])('is at most %i columns wide, SQL excepted', (columns) => {
    fitText(columns);
    for (const line of make(plain))
      if (!isSql(line)) expect([line, line.length <= columns]).toEqual([line, true]);
  });

  it('is the same text with and without colour', () => {
    expect(make(coloured).map(withoutColour)).toEqual(make(plain));
    expect(make(coloured).join()).toContain('\x1b[');
    expect(make(plain).join()).not.toContain('\x1b');
  });
});

describe('the text of migrate', () => {
  it('shows the applied migrations, every key, the findings and the verdict', () => {
    expect(text(...migrateOutput.text(migrateResult, plain))).toBe(
      text(
        'Database migratekit_oma on MariaDB 10.11.14',
        '',
        'Applied 2 migrations',
        '  CreateProtectionFlowTables1753000000001',
        '  AddForeignKeys1753000000002',
        '',
        'FOREIGN KEY         STATUS      MS',
        'fk_executions_flow  present      0',
        'fk_flows_schedule   added     1235',
        'fk_flows_policy     deferred     0',
        '',
        'Findings',
        '  FK_PARENT_MISSING (left for a later migrate)',
        '    On:  protection_flows.fk_flows_policy',
        '    the table backup_policies does not exist yet, so the key fk_flows_policy',
        '    cannot be added',
        '    Fix: Run migrate again once the platform has made backup_policies.',
        '',
        'Done, except for 1 deferred key: migrate again once the parent table exists.',
      ),
    );
  });

  it('says in one line that there was nothing to do', () => {
    const keys = [{ name: 'fk', status: 'present' as const, ms: 0 }];
    const lines = migrateOutput.text({ ok: true, ...where, applied: [], keys, findings: [] }, plain);
    expect(lines[2]).toBe('No migration was applied.');
    expect(lines.at(-1)).toBe('Nothing to do: the schema is up to date.');
  });

  it('puts the obstacles first, and keeps SQL in one line for pasting', () => {
    const lines = migrateOutput.text({ ...migrateResult, ok: false, findings }, plain);
    const codes = lines
      .filter((line) => /^ {2}[A-Z_]+ \(/.test(line))
      .map((line) => line.trim().split(' ')[0]);
    expect(codes).toEqual(['FK_ORPHAN_ROWS', 'PRIVILEGE_MISSING', 'FK_PARENT_MISSING']);
    expect(lines.map((line) => line.trim())).toContain(findings[1]!.remedy.split('\n')[1]);
    expect(lines.at(-1)).toBe('Not done: 2 findings. Apply the fixes and migrate again.');
  });
});

describe('the text of a plan', () => {
  it('can be given to a client: everything but the statements is a comment', () => {
    expect(text(...planOutput.text({ ...plan, findings: [] }, plain))).toBe(
      text(
        '-- Database migratekit_oma on MariaDB 10.11.14',
        '--',
        '-- The plan: 1 migration, 3 statements',
        '--',
        '-- FOREIGN KEY        STATUS',
        '-- fk_flows_schedule  to-add',
        '-- fk_flows_policy    deferred',
        '--',
        '-- Programs of the previous release go on working before, during and after it.',
        '--',
        '-- Nothing was changed. To carry it out, give the same command without --plan',
        '-- and --out.',
        '',
        '-- CreateProtectionFlowTables1753000000001',
        '-- create table protection_flows',
        'CREATE TABLE `protection_flows` (',
        '  `id` varchar(64) NOT NULL',
        ');',
        '',
        '-- Missing keys',
        '-- add key fk_flows_schedule',
        '-- Copies protection_flows: 1,200 rows, 5 MB; its writers wait meanwhile',
        'ALTER TABLE `protection_flows` MODIFY …;',
        'ALTER TABLE `protection_flows` ADD …;',
      ),
    );
    const before = planOutput.text({ ...plan, statements: [], findings }, plain);
    expect(before.filter((line) => line !== '' && !/^--(?: |$)/.test(line))).toEqual([]);
  });
});

describe('the text of a rollback', () => {
  it('shows the migrations undone and the rows lost', () => {
    expect(text(...rollbackOutput.text(rollbackResult, plain))).toBe(
      text(
        'Database migratekit_oma on MariaDB 10.11.14',
        '',
        'Undid 1 migration, newest first',
        '  AddForeignKeys1753000000002',
        '',
        'DISCARDED FROM              ROWS',
        'protection_flows              12',
        'protection_flow_executions  3400',
      ),
    );
    expect(rollbackOutput.text({ ok: true, ...where, undone: [], discarded: {} }, plain)).toEqual([
      'Database migratekit_oma on MariaDB 10.11.14',
      '',
      'No migration was undone: none is applied.',
    ]);
  });
});

describe('the text of a status', () => {
  it('shows each migration and key, and the command to type', () => {
    expect(text(...statusOutput.text(status, plain))).toBe(
      text(
        'Database migratekit_oma on MariaDB 10.11.14',
        '',
        'MIGRATION                                STATUS   APPLIED (UTC)',
        'CreateProtectionFlowTables1753000000001  applied  2026-01-02 03:04:05',
        'AddForeignKeys1753000000002              pending',
        '',
        'FOREIGN KEY         STATUS',
        'fk_executions_flow  present',
        'fk_flows_policy     deferred',
        '',
        'Guards: installed',
        '',
        'Programs of the previous release go on working before, during and after it.',
        '',
        '1 pending migration. To apply: protection-flows migrate',
      ),
    );
  });

  it('breaks a name that is too long for the line', () => {
    const migrations = [
      { name: 'X'.repeat(100), status: 'unknown' as const, appliedAt: null, breaking: null },
    ];
    const lines = statusOutput.text({ ...status, migrations }, plain);
    expect(lines.join('').split('X').length - 1).toBe(100);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.slice(-2).join(' ')).toContain('1 migration that this version does not know');
  });
});

/** Without these, a migration that breaks running older programs would look like any other. */
describe('a pending migration that breaks older programs', () => {
  const name = 'DropOwner1753000000003';
  const why = 'Programs before 2.0 write owner, and fail: stop them first.';

  it('is named in a status, with the fix', () => {
    const migrations = [{ name, status: 'pending' as const, appliedAt: null, breaking: why }];
    const lines = statusOutput.text({ ...status, migrations }, plain);
    expect(text(...lines)).toContain(text(`BREAKING: ${name}`, `  ${why}`));
    expect(text(...lines)).not.toContain('go on working');
    expect(text(...statusOutput.markdown({ ...status, migrations }))).toContain(
      `- ❌ **breaking**: \`${name}\`: ${why}`,
    );
  });

  it('is named in a plan, as a comment', () => {
    const lines = planOutput.text({ ...plan, breaking: { [name]: why } }, plain);
    expect(text(...lines)).toContain(text(`-- BREAKING: ${name}`, `--   ${why}`));
    expect(text(...planOutput.markdown({ ...plan, breaking: { [name]: why } }))).toContain('**breaking**');
  });
});

describe('the text of verify', () => {
  it('begins with the verdict, has a line for each check, and explains the failing ones', () => {
    expect(text(...verifyOutput.text(report, plain))).toBe(
      text(
        'DRIFTED: every migration has run, but a check failed',
        'Database migratekit_oma on MySQL 9.7.0',
        '',
        'CHECK              STATUS    FOUND',
        'history            pass      as declared',
        'key-compatibility  fail      protection_flows.schedule_id is utf8mb4_unicode_ci',
        '                             while replication_schedules.id is',
        '                             utf8mb4_general_ci',
        'foreign-keys       deferred  fk_flows_policy waits for backup_policies',
        'restrict           skip      the server is read-only',
        '',
        'key-compatibility (fail)',
        '  Fix: ALTER TABLE `protection_flows` MODIFY `schedule_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL;',
        '  Seen with: SELECT collation_name FROM information_schema.columns',
        ...[0, 1, 2, 3, 4].map((index) => `      collation_name=c${index}, nothing=NULL`),
        '      and 2 more',
      ),
    );
  });

  it('says why a proven schema is not enough for --strict', () => {
    const checks = [{ ...report.checks[2]!, id: 'foreign-keys' as const }];
    const lines = verifyOutput.text({ ...report, verdict: 'proven', checks }, plain);
    expect(lines.at(-1)).toBe('Proven, but --strict allows no deferred key (foreign-keys).');
  });
});

describe('the text of adopt', () => {
  it('shows each repair with its differences and its SQL, the open decisions, and the verdict', () => {
    const shown = text(...adoptOutput.text(adoptResult, plain));
    expect(shown).toContain(
      text(
        'Repaired: bring protection_flow_executions to its declared shape',
        "  - 2 rows with NULL or '0000-00-00' in the place of a default",
        '',
        'To repair: bring protection_flows to its declared shape',
        '  - column protection_flows.enabled: nullable is NULL, not NOT NULL',
        '  ! may copy protection_flows: 1,200 rows, 340 kB; its writers wait meanwhile',
        "  ALTER TABLE `protection_flows` MODIFY `enabled` tinyint(1) NOT NULL DEFAULT '1', ALGORITHM=INPLACE, LOCK=NONE;",
      ),
    );
    expect(shown).toContain('Yours to decide: 2 rows share their name');
    expect(shown).toMatch(/Nothing was changed: 1 decision to take first\. Then adopt again\.$/);
    expect(text(...adoptOutput.text({ ...adoptResult, decisions: [] }, plain))).toMatch(/1 repair to make/);
    const done = { ...adoptResult, ok: true, decisions: [], repairs: [] };
    expect(text(...adoptOutput.text(done, plain))).toMatch(/Nothing to adopt: every migration is recorded/);
    expect(text(...adoptOutput.text({ ...done, adopted: ['A1'] }, plain))).toMatch(
      /Recorded 1 migration\n {2}A1\n/,
    );
  });
});
