import { adopt, type Decision } from '../../../src/engine/adopt';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { openDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { everything, make } from './hand-made';
import { executionsTable, flowsTable, ownKey, plain } from './platform-ddl';
import type { Start } from './start';

interface Undecided extends Start {
  readonly decision: Partial<Decision> | { readonly reason: unknown };
  /** Index of the choice whose SQL is executed; default 0. `null`: no choice is offered, or SQL is not enough. */
  readonly choice?: number | null;
}

const general = { text: 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci' };

const undecided: Record<string, Undecided> = {
  'duplicate names': {
    sql: plain({ columns: { name: 'VARCHAR(255) NOT NULL' } }),
    then: [
      "UPDATE protection_flows SET name = 'same', updated_at = updated_at WHERE id = 'flow-1'",
      "UPDATE protection_flows SET name = 'SAME', updated_at = updated_at WHERE id = 'flow-2'",
    ],
    decision: {
      object: 'index',
      name: 'uq_flows_name',
      rows: 2,
      look: expect.stringContaining('GROUP BY') as string,
    },
  },
  'names that differ only in utf8mb4_bin': {
    sql: plain({ columns: { name: 'VARCHAR(255) COLLATE utf8mb4_bin NOT NULL UNIQUE' } }),
    then: [
      "UPDATE protection_flows SET name = 'same', updated_at = updated_at WHERE id = 'flow-1'",
      "UPDATE protection_flows SET name = 'SAME', updated_at = updated_at WHERE id = 'flow-2'",
    ],
    decision: { rows: 2, reason: expect.stringContaining('share their name') as string },
  },
  'rows that violate the CHECK': {
    sql: plain({ unchecked: true }),
    then: ["UPDATE protection_flows SET repository_id = NULL WHERE id = 'flow-1'"],
    decision: { object: 'check', name: 'chk_flows_type', rows: 1 },
  },
  'flows without a name': {
    sql: plain({ columns: { name: 'VARCHAR(255) NULL UNIQUE' } }),
    then: ['UPDATE protection_flows SET name = NULL'],
    decision: { object: 'column', name: 'name', rows: 2 },
  },
  'executions without a flow': {
    sql: [flowsTable(), executionsTable({ columns: { flow_id: 'VARCHAR(64) NULL' }, more: [ownKey] })],
    then: ["UPDATE protection_flow_executions SET flow_id = NULL WHERE id = 'run-1'"],
    decision: {
      table: 'protection_flow_executions',
      name: 'flow_id',
      rows: 1,
      choices: [expect.objectContaining({ does: 'deletes those rows' }) as Decision['choices'][number]],
    },
  },
  'a target that is too long': {
    sql: plain({ columns: { target_id: 'VARCHAR(200) NOT NULL' } }),
    then: [`UPDATE protection_flows SET target_id = '${'x'.repeat(65)}' WHERE id = 'flow-2'`],
    decision: { name: 'target_id', rows: 1 },
  },
  'a run with an undeclared status': {
    sql: plain(
      {},
      {
        columns: { status: "ENUM('pending', 'running', 'success', 'cancelled', 'paused') DEFAULT 'pending'" },
      },
    ),
    then: ["UPDATE protection_flow_executions SET status = 'paused' WHERE id = 'run-1'"],
    decision: { name: 'status', rows: 1 },
  },
  'a text that is not JSON': {
    sql: plain({ columns: { destination_config: 'LONGTEXT' } }),
    then: ["UPDATE protection_flows SET destination_config = 'host=a' WHERE id = 'flow-1'"],
    decision: { name: 'destination_config', rows: 1 },
  },
  'a number out of range': {
    sql: plain({ columns: { total_executions: 'BIGINT DEFAULT 0' } }),
    then: ["UPDATE protection_flows SET total_executions = 3000000000 WHERE id = 'flow-1'"],
    decision: { name: 'total_executions', rows: 1 },
  },
  'a foreign key from a declared column to a table of others': {
    sql: [
      'CREATE TABLE vms (id varchar(64) PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci',
      "INSERT INTO vms VALUES ('vm-1')",
      ...plain({ more: ['CONSTRAINT to_vm FOREIGN KEY (target_id) REFERENCES vms (id)'] }),
    ],
    decision: { object: 'foreign-key', name: 'to_vm', rows: null },
  },
  "another table's foreign key to a column that has to change": {
    sql: [
      ...plain(general, general),
      `CREATE TABLE notes (id int PRIMARY KEY, flow varchar(64) COLLATE utf8mb4_general_ci,
         CONSTRAINT fk_notes FOREIGN KEY (flow) REFERENCES protection_flows (id)) ENGINE=InnoDB`,
    ],
    decision: {
      object: 'column',
      name: 'id',
      reason: expect.stringContaining('fk_notes of notes.flow') as string,
    },
  },
  'a foreign key from an added column to a column that has to change': {
    sql: plain(
      {
        ...general,
        more: [
          'parent VARCHAR(64)',
          'CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES protection_flows (id)',
        ],
      },
      general,
    ),
    decision: { object: 'column', name: 'id', reason: expect.stringContaining('to_parent') as string },
  },
  'an undeclared unique index': {
    sql: plain({ more: ['UNIQUE KEY one_each (target_id, flow_type)'] }),
    then: [],
    decision: { object: 'index', name: 'one_each' },
  },
  'an undeclared CHECK': {
    sql: plain({ more: ["CONSTRAINT no_tests CHECK (name <> 'test')"] }),
    decision: { object: 'check', name: 'no_tests' },
  },
  'a time without a time zone': {
    sql: plain({ columns: { last_execution_time: 'DATETIME NULL' } }),
    decision: { name: 'last_execution_time', reason: expect.stringContaining('datetime') as string },
  },
  'another table named protection_flows': {
    sql: ['CREATE TABLE protection_flows (number int PRIMARY KEY, what text) ENGINE=InnoDB'],
    tables: [],
    decision: { object: 'table', name: 'protection_flows' },
    choice: null,
  },
  'a view named protection_flow_executions': {
    sql: [flowsTable(), 'CREATE VIEW protection_flow_executions AS SELECT id FROM protection_flows'],
    tables: ['protection_flows'],
    decision: {
      object: 'table',
      name: 'protection_flow_executions',
      reason: expect.stringContaining('view') as string,
    },
  },
  'a partitioned table': {
    sql: [
      flowsTable(),
      `${executionsTable({ text: 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci' })} PARTITION BY KEY (id) PARTITIONS 2`,
    ],
    decision: {
      object: 'table',
      name: 'protection_flow_executions',
      reason: expect.stringContaining('partitioned') as string,
    },
  },
  'a system-versioned table': {
    sql: [flowsTable(), `${executionsTable()} WITH SYSTEM VERSIONING`],
    decision: { object: 'table', name: 'protection_flow_executions' },
    only: 'mariadb',
  },
};

/** Guards that adopt changes nothing when only the owner can decide, and prints the possible decisions. */
describe('adopt --repair changes and records nothing until the owner decides about', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const mine = Object.entries(undecided).filter(
    ([, { only }]) => (only ?? sharedServer().flavour) === sharedServer().flavour,
  );

  it.each(mine)('%s', async (_name, start) => {
    await make(database.session, start);
    const dataSource = await openDataSource(database);
    try {
      const before = await everything(database.session);
      const result = await adopt(dataSource, { repair: true, answers: { schedules: 'on' } });
      expect(result).toMatchObject({ ok: false, adopted: [] });
      expect(result.decisions).toEqual([expect.objectContaining(start.decision)]);
      expect(result.repairs.filter(({ status }) => status !== 'to-repair')).toEqual([]);
      expect(await everything(database.session)).toEqual(before);

      const [decision] = result.decisions;
      if (decision?.look) {
        const [shown] = await database.connection.query(decision.look);
        expect(shown).not.toEqual([]);
      }
      if (start.choice === null) return;
      for (const sql of decision?.choices[start.choice ?? 0]?.sql ?? ['there is no such choice'])
        await database.session.query(sql);
      expect(await adopt(dataSource, { repair: true, answers: { schedules: 'on' } })).toMatchObject({
        ok: true,
        decisions: [],
      });
      expect(await verify(dataSource)).toMatchObject({ verdict: 'proven' });
    } finally {
      await dataSource.destroy();
    }
  });
});
