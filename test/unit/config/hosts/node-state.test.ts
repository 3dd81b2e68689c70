import { unfitReason } from '../../../../src/driver/writer-election';

const reason = (variables: Record<string, string>) => unfitReason(new Map(Object.entries(variables)));

/** Guards which variables of a server allow writes to it. */
describe('a server is writable', () => {
  it.each([
    ['a MariaDB without Galera', { read_only: 'OFF', wsrep_on: 'OFF', wsrep_ready: 'OFF' }],
    ['a MySQL', { read_only: 'OFF', super_read_only: 'OFF', innodb_read_only: 'OFF' }],
    ['a Galera node', { read_only: 'OFF', wsrep_on: 'ON', wsrep_ready: 'ON' }],
  ])('as %s', (_name, variables) => {
    expect(reason(variables)).toBeNull();
  });

  it.each([
    ['read_only', { read_only: 'ON' }],
    ['read_only', { read_only: 'NO_LOCK_NO_ADMIN' }],
    ['super_read_only', { read_only: 'ON', super_read_only: 'ON' }],
    ['innodb_read_only', { innodb_read_only: 'ON' }],
    ['transaction_read_only', { transaction_read_only: 'ON' }],
    ['NON-PRIMARY', { wsrep_on: 'ON', wsrep_ready: 'OFF', wsrep_cluster_status: 'NON-PRIMARY' }],
  ])('never with %s', (name, variables) => {
    expect(reason(variables)).toContain(name);
  });
});
