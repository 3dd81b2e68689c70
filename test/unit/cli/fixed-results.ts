import type { PruneReport } from '../../../src/cli/retention';
import type { AdoptResult } from '../../../src/engine/adopt';
import type {
  MigratePlan,
  MigrateResult,
  PreflightResult,
  RollbackPlan,
  RollbackResult,
} from '../../../src/engine/migrate/results';
import type { RestoreOrphansResult } from '../../../src/engine/migrate/restore-orphans';
import type { Finding } from '../../../src/engine/preflight/finding';
import { describeDifference, type Difference } from '../../../src/engine/schema/compare';
import type { CheckResult, VerifyReport } from '../../../src/engine/verify/report';

export { status } from './fixed-status';

export const where = {
  server: { flavour: 'mariadb', version: '10.11.14' },
  database: 'migratekit_oma',
} as const;

/** One finding of each effect, with texts long enough to be wrapped. */
export const findings: Finding[] = [
  {
    code: 'FK_PARENT_MISSING',
    effect: 'deferred',
    table: 'protection_flows',
    key: 'fk_flows_policy',
    message: 'the table backup_policies does not exist yet, so the key fk_flows_policy cannot be added',
    remedy: 'Run migrate again once the platform has made backup_policies.',
    details: {},
  },
  {
    code: 'FK_ORPHAN_ROWS',
    effect: 'blocking',
    table: 'protection_flows',
    key: 'fk_flows_schedule',
    message: '3 rows of protection_flows name a schedule that does not exist',
    remedy:
      'Give them a schedule that exists, or none:\n' +
      "UPDATE `protection_flows` SET `schedule_id` = NULL WHERE `schedule_id` IN ('gone one', 'gone two', 'gone three');",
    details: { rows: 3 },
  },
  {
    code: 'PRIVILEGE_MISSING',
    effect: 'blocking',
    table: null,
    key: null,
    message: 'the account lacks REFERENCES',
    remedy: 'GRANT REFERENCES ON `migratekit_oma`.* TO `oma_user`@`localhost`;',
    details: {},
  },
];

export const preflightResult: PreflightResult = { ok: false, ...where, findings };

export const migrateResult: MigrateResult = {
  ok: true,
  ...where,
  applied: ['CreateProtectionFlowTables1753000000001', 'AddForeignKeys1753000000002'],
  keys: [
    { name: 'fk_executions_flow', status: 'present', ms: 0.4 },
    { name: 'fk_flows_schedule', status: 'added', ms: 1234.6 },
    { name: 'fk_flows_policy', status: 'deferred', ms: 0 },
  ],
  findings: [findings[0]!],
};

export const plan: MigratePlan = {
  ok: true,
  ...where,
  pending: ['CreateProtectionFlowTables1753000000001'],
  breaking: {},
  statements: [
    {
      migration: 'CreateProtectionFlowTables1753000000001',
      step: 'create table protection_flows',
      sql: 'CREATE TABLE `protection_flows` (\n  `id` varchar(64) NOT NULL\n)',
      copies: null,
    },
    {
      migration: null,
      step: 'add key fk_flows_schedule',
      sql: 'ALTER TABLE `protection_flows` MODIFY …;',
      copies: { table: 'protection_flows', rows: 1200, bytes: 4_500_000 },
    },
    {
      migration: null,
      step: 'add key fk_flows_schedule',
      sql: 'ALTER TABLE `protection_flows` ADD …;',
      copies: null,
    },
  ],
  keys: [
    { name: 'fk_flows_schedule', status: 'to-add' },
    { name: 'fk_flows_policy', status: 'deferred' },
  ],
  findings: [findings[0]!],
};

export const rollbackResult: RollbackResult = {
  ok: true,
  ...where,
  undone: ['AddForeignKeys1753000000002'],
  discarded: { protection_flows: 12, protection_flow_executions: 3400, untouched: 0 },
};

export const rollbackPlan: RollbackPlan = {
  ok: false,
  ...where,
  undoing: ['CreateProtectionFlowTable1753000000001'],
  statements: [
    {
      migration: 'CreateProtectionFlowTable1753000000001',
      step: 'undo: create table protection_flows',
      sql: 'DROP TABLE `protection_flows`',
      copies: null,
    },
  ],
  lost: { protection_flows: 12 },
  refusals: [
    {
      code: 'ROLLBACK_WOULD_LOSE_ROWS',
      message: 'dropping protection_flows would lose 12 rows',
      remedy: 'Save the rows, then say that they may go: add --discard-rows to protection-flows rollback',
      details: { table: 'protection_flows', rows: 12 },
    },
  ],
};

export const restoreOrphansResult: RestoreOrphansResult = {
  ok: false,
  ...where,
  restored: { protection_flows: 1, 'audit trail.protection_flow_notes': 1200 },
  left: [
    {
      table: 'protection_flow_executions',
      key: 'fk_flows_policy',
      reason: 'parent-missing',
      rows: 2,
      answer: null,
      sample: ['execution 1', 'execution 2'],
    },
    {
      table: 'audit trail.protection_flow_notes',
      key: 'fk_flows_policy',
      reason: 'refused',
      rows: 1,
      answer: 'CONSTRAINT `chk_notes` failed for `audit trail`.`protection_flow_notes`',
      sample: ['7, 8'],
    },
  ],
};

export const pruneResult: PruneReport = {
  ok: true,
  ...where,
  complete: true,
  dry_run: false,
  deleted: 45_000,
  kept: [],
  flows: 1200,
};

const check = (id: CheckResult['id'], part: Partial<CheckResult>): CheckResult => ({
  id,
  status: 'pass',
  summary: 'as declared',
  evidence: [],
  remedy: null,
  ...part,
});

export const report: VerifyReport = {
  ok: false,
  verdict: 'drifted',
  server: { flavour: 'mysql', version: '9.7.0' },
  database: 'migratekit_oma',
  checks: [
    check('history', { evidence: [{ sql: 'SELECT 1', rows: [{ one: 1 }] }] }),
    check('key-compatibility', {
      status: 'fail',
      summary:
        'protection_flows.schedule_id is utf8mb4_unicode_ci while replication_schedules.id is utf8mb4_general_ci',
      remedy:
        'ALTER TABLE `protection_flows` MODIFY `schedule_id` varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL;',
      evidence: [
        {
          sql: 'SELECT collation_name\n  FROM information_schema.columns',
          rows: [
            ...Array.from({ length: 7 }, (_, index) => ({ collation_name: `c${index}`, nothing: null })),
          ],
        },
      ],
    }),
    check('foreign-keys', { status: 'deferred', summary: 'fk_flows_policy waits for backup_policies' }),
    check('restrict', { status: 'skip', summary: 'the server is read-only' }),
  ],
};

const unique = { object: 'index', table: 'protection_flows', name: 'uq_flows_name' } as const;

/** One completed repair, one pending repair, and a decision. */
export const adoptResult: AdoptResult = {
  ok: false,
  ...where,
  ...{ recorded: false, adopted: [] },
  repairs: [
    {
      title: 'bring protection_flow_executions to its declared shape',
      table: 'protection_flow_executions',
      differences: [],
      rows: 2,
      sql: ["UPDATE `protection_flow_executions` r SET r.`status` = 'pending' WHERE r.`status` IS NULL"],
      copies: null,
      status: 'repaired',
    },
    {
      title: 'bring protection_flows to its declared shape',
      table: 'protection_flows',
      differences: [
        {
          object: 'column' as const,
          table: 'protection_flows',
          name: 'enabled',
          property: 'nullable',
          expected: 'NOT NULL',
          actual: 'NULL',
        },
      ],
      rows: 0,
      sql: [
        "ALTER TABLE `protection_flows` MODIFY `enabled` tinyint(1) NOT NULL DEFAULT '1', ALGORITHM=INPLACE, LOCK=NONE",
      ],
      copies: { table: 'protection_flows', rows: 1200, bytes: 340_000 },
      status: 'to-repair',
    },
  ],
  decisions: [
    {
      ...unique,
      differences: [{ ...unique, property: 'presence', expected: 'name', actual: null }],
      rows: 2,
      reason: '2 rows share their name, which is to be unique (uq_flows_name)',
      look: 'SELECT `name`, COUNT(*) AS n FROM `protection_flows` GROUP BY `name` HAVING COUNT(*) > 1',
      choices: [
        {
          does: 'appends the id to the name of all but one of them',
          sql: ["UPDATE `protection_flows` SET `name` = CONCAT(`name`, ' (', `id`, ')') WHERE `id` = 'x'"],
        },
      ],
    },
  ],
  ...{ questions: [], findings: [] },
  keys: [{ name: 'fk_executions_flow', status: 'to-add', ms: 0 }],
};

/** Twelve differences, as in a table made by another program. */
export const differences: Difference[] = Array.from({ length: 12 }, (_value, index) => ({
  object: 'column' as const,
  table: 'protection_flows',
  name: `column_${index}`,
  property: 'default',
  expected: 'current_timestamp',
  actual: index === 0 ? null : 'none',
}));
/** A finding with all of them. */
export const handMade: Finding = {
  code: 'SCHEMA_HAND_MADE',
  effect: 'blocking',
  table: 'protection_flows',
  key: null,
  message: `table protection_flows exists already and is not what the migration makes: ${differences.map(describeDifference).join('; ')}`,
  remedy: '-- To list the differences: protection-flows adopt',
  details: { differences },
};
/** A report of verify whose failed check has them all. */
export const drifted: VerifyReport = {
  ...report,
  checks: report.checks.map((check) => (check.status === 'fail' ? { ...check, differences } : check)),
};
