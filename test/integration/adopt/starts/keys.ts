import { select } from '../../../../src/engine/server/queryable';
import { executionsTable, flowsTable, ownKey, plain } from '../platform-ddl';
import type { Start } from '../start';

const reference = 'FOREIGN KEY (flow_id) REFERENCES protection_flows (id)';
const general = 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci';
const schedules = 'REFERENCES replication_schedules (id) ON DELETE SET NULL';

/** Tables with foreign keys that people made. */
export const keyStarts: Record<string, Start> = {
  'with the key unnamed': {
    sql: [flowsTable(), executionsTable({ more: [`${reference} ON DELETE CASCADE`] })],
  },
  'with the key under another name, in general_ci': {
    sql: [
      flowsTable({ text: general }),
      executionsTable({ text: general, more: [`CONSTRAINT runs_of_flow ${reference} ON DELETE CASCADE`] }),
    ],
  },
  'with another delete rule of the key': {
    sql: [flowsTable(), executionsTable({ more: [`CONSTRAINT fk_executions_flow ${reference}`] })],
  },
  'with the key under another name, with other rules': {
    sql: [flowsTable(), executionsTable({ more: [`CONSTRAINT runs ${reference} ON UPDATE CASCADE`] })],
  },
  'with keys to the platform': {
    platform: 'general_ci',
    sql: [
      flowsTable({
        text: general,
        more: [
          `CONSTRAINT fk_flows_schedule FOREIGN KEY (schedule_id) ${schedules}`,
          'CONSTRAINT its_repository FOREIGN KEY (repository_id) REFERENCES backup_repositories (id)',
        ],
      }),
      executionsTable({ text: general, more: [ownKey] }),
    ],
  },
  "with another table's key to the flows": {
    sql: [
      ...plain(),
      `CREATE TABLE notes (id int PRIMARY KEY, flow varchar(64) COLLATE utf8mb4_unicode_ci,
         CONSTRAINT fk_notes FOREIGN KEY (flow) REFERENCES protection_flows (id)) ENGINE=InnoDB`,
    ],
    then: ["INSERT INTO notes VALUES (1, 'flow-1')"],
    async after(session) {
      expect(await select(session, 'SELECT * FROM notes')).toEqual([{ id: 1, flow: 'flow-1' }]);
      await expect(session.query("DELETE FROM protection_flows WHERE id = 'flow-1'")).rejects.toMatchObject({
        errno: 1451,
      });
    },
  },
};
