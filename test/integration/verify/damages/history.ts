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
/** The row of a migration; not by its number: the nodes of a cluster count in steps. */
const at = (place: number): string => `name = '${names[place]}'`;
const forget = (...which: number[]): string => `DELETE FROM ${history} WHERE ${which.map(at).join(' OR ')}`;
const withoutCancelled =
  "ALTER TABLE protection_flows MODIFY last_execution_status enum('success','warning','error','running','pending') NOT NULL DEFAULT 'pending'";

/** A wrong history, and half a schema. */
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
    name: 'the last migration gone, its row too',
    damage: [forget(4), 'ALTER TABLE protection_flows ADD INDEX idx_enabled (enabled)'],
    checks: ['history'],
    verdict: 'half-applied',
    names: names[4],
  },
  {
    name: 'the last two migrations gone, their rows too',
    damage: [forget(3, 4), withoutCancelled],
    checks: ['history', 'columns'],
    verdict: 'half-applied',
    names: names[3],
  },
  {
    name: 'the last seven migrations half there',
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
    name: 'a migration in the middle half there, its row gone',
    damage: [forget(1), 'ALTER TABLE protection_flows DROP FOREIGN KEY fk_flows_policy'],
    checks: ['history', 'foreign-keys', 'set-null'],
    verdict: 'half-applied',
    names: names[1],
  },
  {
    name: 'a row that no version knows',
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
    name: 'a row twice',
    damage: [
      `ALTER TABLE ${history} DROP INDEX uq_flow_migrations_name`,
      `INSERT INTO ${history} (timestamp, name) SELECT timestamp, name FROM ${history} WHERE ${at(1)}`,
    ],
    checks: ['history'],
    names: `${names[1]}: recorded more than once`,
  },
  {
    name: 'its unique index lost',
    damage: [`ALTER TABLE ${history} DROP INDEX uq_flow_migrations_name`],
    checks: ['history'],
    names: 'uq_flow_migrations_name is missing',
  },
  {
    name: 'a column lost',
    damage: [`ALTER TABLE ${history} DROP COLUMN reverting`],
    checks: ['history'],
    names: 'reverting is missing',
  },
  {
    name: 'the columns of the run lost',
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
    name: 'the wrong order',
    damage: [`UPDATE ${history} SET id = 99 WHERE ${at(1)}`],
    checks: ['history'],
    names: 'in another order',
  },
  {
    name: 'a rollback that died before it took anything',
    damage: [`UPDATE ${history} SET reverting = 1 WHERE ${at(4)}`],
    checks: ['history'],
    verdict: 'half-applied',
    names: 'died half-way',
  },
  {
    name: 'a rollback that died half-way',
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
