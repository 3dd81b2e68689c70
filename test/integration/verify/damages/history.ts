import type { Damage } from '../damaged-database';

const history = 'sendense_flow_migrations';
const names = [
  'CreateProtectionFlowTables1795305600000',
  'AddForeignKeys1795305601000',
  'AddOperationalIndexes1795305602000',
  'AllowCancelledAsLastStatus1795305603000',
  'DropRedundantIndexes1795305604000',
  'KeepWhatPruneRemoved1795305605000',
  'KeepWhatDidNotRun1795305606000',
  'ServeMetrics1795305607000',
  'KeepWhatIsPaused1795305608000',
] as const;
/** Finds the row of a migration by name, because ids have gaps in a cluster. */
const at = (place: number): string => `name = '${names[place]}'`;
const forget = (...which: number[]): string => `DELETE FROM ${history} WHERE ${which.map(at).join(' OR ')}`;
const withoutCancelled =
  "ALTER TABLE protection_flows MODIFY last_execution_status enum('success','warning','error','running','pending') NOT NULL DEFAULT 'pending'";

/** Wrong histories, some with a schema that is half applied. */
export const historyDamages: readonly Damage[] = [
  {
    name: 'a row deleted in the middle',
    damage: [forget(1)],
    checks: ['history'],
    verdict: 'half-applied',
    names: names[1],
  },
  {
    name: 'the last row deleted',
    damage: [forget(8)],
    checks: ['history'],
    verdict: 'half-applied',
    names: names[8],
  },
  {
    name: 'the row of DropRedundantIndexes deleted, and one redundant index',
    damage: [forget(4), 'ALTER TABLE protection_flows ADD INDEX idx_enabled (enabled)'],
    checks: ['history'],
    verdict: 'half-applied',
    names: names[4],
  },
  {
    name: 'two rows deleted, and the first of the two migrations undone',
    damage: [forget(3, 4), withoutCancelled],
    checks: ['history', 'columns'],
    verdict: 'half-applied',
    names: names[3],
  },
  {
    name: 'the last seven rows deleted, and some of their changes undone',
    damage: [
      forget(2, 3, 4, 5, 6, 7, 8),
      withoutCancelled,
      'ALTER TABLE protection_flows DROP INDEX idx_flows_due',
    ],
    checks: ['history', 'columns', 'indexes'],
    verdict: 'half-applied',
    names: '2 of 9 migrations recorded',
  },
  {
    name: 'a row deleted in the middle, and a part of its migration undone',
    damage: [forget(1), 'ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy'],
    checks: ['history', 'foreign-keys', 'set-null'],
    verdict: 'half-applied',
    names: names[1],
  },
  {
    name: 'a row that this version does not know',
    damage: [`INSERT INTO ${history} (timestamp, name) VALUES (1895305600000, 'FromTheFuture1895305600000')`],
    checks: ['history'],
    verdict: 'ahead',
    names: 'FromTheFuture1895305600000',
  },
  {
    name: 'a row whose name is SQL',
    damage: [
      `INSERT INTO ${history} (timestamp, name) VALUES (1, 'x\\nDROP TABLE protection_flow_executions;\\n-- ')`,
    ],
    checks: ['history'],
    verdict: 'ahead',
    names: 'not known to this version',
  },
  {
    name: 'a duplicate row',
    damage: [
      `ALTER TABLE ${history} DROP INDEX uq_flow_migrations_name`,
      `INSERT INTO ${history} (timestamp, name) SELECT timestamp, name FROM ${history} WHERE ${at(1)}`,
    ],
    checks: ['history'],
    names: `${names[1]}: recorded more than once`,
  },
  {
    name: 'no unique index',
    damage: [`ALTER TABLE ${history} DROP INDEX uq_flow_migrations_name`],
    checks: ['history'],
    names: 'uq_flow_migrations_name is missing',
  },
  {
    name: 'a column dropped',
    damage: [`ALTER TABLE ${history} DROP COLUMN reverting`],
    checks: ['history'],
    names: 'reverting is missing',
  },
  {
    name: 'the columns about the run dropped',
    damage: [
      `ALTER TABLE ${history} DROP COLUMN applied_by, DROP COLUMN package_version, DROP COLUMN duration_ms`,
    ],
    checks: ['history'],
    names: 'applied_by is missing',
  },
  {
    name: 'a wrong timestamp',
    damage: [`UPDATE ${history} SET timestamp = 1 WHERE ${at(2)}`],
    checks: ['history'],
    names: `${names[2]} has the timestamp 1`,
  },
  {
    name: 'rows in the wrong order',
    damage: [`UPDATE ${history} SET id = 99 WHERE ${at(1)}`],
    checks: ['history'],
    names: 'in another order',
  },
  {
    name: 'the mark of a rollback that died before its first change',
    damage: [`UPDATE ${history} SET reverting = 1 WHERE ${at(4)}`],
    checks: ['history'],
    verdict: 'half-applied',
    names: 'died half-way',
  },
  {
    name: 'the mark of a rollback that died half-way',
    damage: [forget(4), `UPDATE ${history} SET reverting = 1 WHERE ${at(3)}`, withoutCancelled],
    checks: ['history', 'columns'],
    verdict: 'half-applied',
    names: 'died half-way',
  },
  {
    name: 'no table',
    damage: [`DROP TABLE ${history}`],
    checks: ['history'],
    verdict: 'present-but-unrecorded',
    names: `there is no table ${history}`,
  },
  {
    name: 'no row',
    damage: [`DELETE FROM ${history}`],
    checks: ['history'],
    verdict: 'present-but-unrecorded',
    names: '0 of 9 migrations recorded',
  },
  {
    name: 'no table, and a hand-made schema',
    damage: [`DROP TABLE ${history}`, 'ALTER TABLE protection_flows MODIFY name varchar(200) NOT NULL'],
    checks: ['history', 'columns'],
    verdict: 'present-but-unrecorded',
    names: 'there is no table',
  },
];
