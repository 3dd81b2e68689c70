import { adopt } from '../../src/migrator';
import { verify } from '../../src/verify';
import { declaredPart, make } from '../integration/adopt/hand-made';
import { executionsTable, flowsTable } from '../integration/adopt/platform-ddl';
import { mended, readRows } from '../integration/adopt/rows';
import type { Start } from '../integration/adopt/start';
import { useDatabase } from '../support/database';
import { openDataSource, useDataSource } from '../support/data-source';
import { dyingDataSource } from '../support/dying-data-source';

const text = 'DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci';

/** Needs every kind of repair: rows to fill, columns, indexes, CHECK, a key to take off, keys to replace and to add. */
const start: Start = {
  platform: 'general_ci',
  nulls: true,
  sql: [
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
    flowsTable({
      text,
      bare: true,
      columns: { created_by: null, next_execution_time: "TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00'" },
      more: ['CONSTRAINT its_schedule FOREIGN KEY (schedule_id) REFERENCES replication_schedules (id)'],
    }),
    executionsTable({
      text,
      more: ['CONSTRAINT its_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE'],
    }),
  ],
  without: ['created_by'],
};

/** Guards that a repair which died anywhere is finished by the next, and that no row suffers. */
describe('an adopt --repair whose connection is killed', () => {
  const reference = useDatabase({ platform: 'general_ci' });
  useDataSource(reference);
  const database = useDatabase({ platform: 'general_ci' });

  it.each(['before', 'after'] as const)('%s any statement is finished by the next', async (when) => {
    const expected = await declaredPart(reference.session);
    const kill = (id: number): Promise<unknown> => database.session.query(`KILL ${id}`);
    const deaths = await (async () => {
      for (let statement = 1; ; statement += 1) {
        await make(database.session, start);
        const rows = mended(await readRows(database.session));
        const dying = await dyingDataSource(() => openDataSource(database), kill, { statement, when });
        // A run that was killed after its last statement may well end in peace
        await adopt(dying.dataSource, { repair: true }).catch(() => undefined);
        await dying.dataSource.destroy();
        const dataSource = await openDataSource(database);
        const result = await adopt(dataSource, { repair: true });
        expect({ ...result, findings: [] }).toMatchObject({ ok: true, decisions: [] });
        expect(await declaredPart(database.session)).toEqual(expected);
        expect(await readRows(database.session)).toEqual(rows);
        if (statement % 5 === 0) expect(await verify(dataSource)).toMatchObject({ verdict: 'proven' });
        await dataSource.destroy();
        for (const table of ['protection_flow_executions', 'protection_flows', 'sendense_flow_migrations'])
          await database.session.query(`DROP TABLE ${table}`);
        if (!dying.wasKilled()) return statement - 1;
      }
    })();
    // Rows of two tables, keys off, a column, two reshapings, five keys in two or three statements each, the history
    expect(deaths).toBeGreaterThanOrEqual(18);
  });
});
