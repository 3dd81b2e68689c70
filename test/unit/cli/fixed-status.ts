import type { KeyStatus, StatusResult } from '../../../src/engine/migrate/results';

const key = (
  name: string,
  status: KeyStatus['status'],
  from: string,
  parentTable: string,
  onDelete: string,
): KeyStatus => {
  const [table = '', column = ''] = from.split('.');
  return { name, status, table, column, parentTable, parentColumn: 'id', onDelete };
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
      breaking: 'No longer of interest: it is applied.',
    },
    { name: 'AddForeignKeys1753000000002', status: 'pending', appliedAt: null, breaking: false },
  ],
  keys: [
    key('fk_executions_flow', 'present', 'protection_flow_executions.flow_id', 'protection_flows', 'CASCADE'),
    key('fk_flows_policy', 'deferred', 'protection_flows.policy_id', 'backup_policies', 'SET NULL'),
  ],
  guards: 'installed',
};
