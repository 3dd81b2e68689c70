import type {
  MigratePlan,
  MigrateResult,
  PreflightResult,
  RollbackResult,
  StatusResult,
} from '../../../src/migrator/results';
import type { Finding } from '../../../src/preflight/finding';
import type { CheckResult, VerifyReport } from '../../../src/verify/report';

/** One finding of each effect, texts long enough to be wrapped. */
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

export const preflightResult: PreflightResult = { ok: false, findings };

export const migrateResult: MigrateResult = {
  ok: true,
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
  pending: ['CreateProtectionFlowTables1753000000001'],
  statements: [
    {
      migration: 'CreateProtectionFlowTables1753000000001',
      step: 'create table protection_flows',
      sql: 'CREATE TABLE `protection_flows` (\n  `id` varchar(64) NOT NULL\n)',
    },
    { migration: null, step: 'add key fk_flows_schedule', sql: 'ALTER TABLE `protection_flows` MODIFY …;' },
    { migration: null, step: 'add key fk_flows_schedule', sql: 'ALTER TABLE `protection_flows` ADD …;' },
  ],
  keys: [
    { name: 'fk_flows_schedule', status: 'to-add' },
    { name: 'fk_flows_policy', status: 'deferred' },
  ],
  findings: [findings[0]!],
};

export const rollbackResult: RollbackResult = {
  ok: true,
  undone: ['AddForeignKeys1753000000002'],
  discarded: { protection_flows: 12, protection_flow_executions: 3400, untouched: 0 },
};

export const status: StatusResult = {
  ok: false,
  server: { flavour: 'mariadb', version: '10.11.14' },
  database: 'migratekit_oma',
  migrations: [
    {
      name: 'CreateProtectionFlowTables1753000000001',
      status: 'applied',
      appliedAt: '2026-01-02T03:04:05.678Z',
    },
    { name: 'AddForeignKeys1753000000002', status: 'pending', appliedAt: null },
  ],
  keys: [
    { name: 'fk_executions_flow', status: 'present' },
    { name: 'fk_flows_policy', status: 'deferred' },
  ],
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
