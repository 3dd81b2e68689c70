import { openDatabase } from '../../../src/engine';
import { adopt, type AdoptOptions } from '../../../src/engine/adopt';
import { select, type Row } from '../../../src/engine/server/queryable';
import { subject } from '../../../src/migrations';
import { createSchedule } from '../../../src/testing';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { noting } from '../../support/dying-sessions';
import { flow, insert } from './rows';
import { prepareSchema } from '../../support/prepare-schema';

describe('an adopt that dies while it applies the answer about schedules', () => {
  const database = useDatabase({ platform: 'mixed', per: 'each' });
  const dataSource = useDataSource(database, { migrated: false, per: 'each' });
  const query = (sql: string): Promise<unknown> => database.session.query(sql);
  const insertFlow = (id: string, columns: Row): Promise<void> =>
    insert(database.session, 'protection_flows', flow(id, id, columns));
  const enabled = async (): Promise<unknown[]> =>
    (await select(database.session, 'SELECT id FROM protection_flows WHERE enabled = 1 ORDER BY id')).map(
      ({ id }) => id,
    );

  /** Returns the statements that adopt sent, in order. Its connection dies right before statement number `dieAt`. */
  async function statementsOf(options: AdoptOptions, dieAt = Infinity): Promise<string[]> {
    const sent: string[] = [];
    const opened = await openDatabase(subject, database.settings);
    await adopt(noting(opened, sent, dieAt), options)
      .catch((error: unknown) => {
        if (sent.length < dieAt) throw error;
      })
      .finally(() => opened.close());
    return sent;
  }

  // With two transactions, a death between them would disable a flow again later, or leave flows enabled
  it('disables the flows and records the migrations together, at whichever statement it dies', async () => {
    const options = { answers: { schedules: 'off' } };
    await prepareSchema(dataSource());
    const schedule_id = (await createSchedule(database.session)).id;
    await insertFlow('early', { schedule_id });
    await insertFlow('late', { schedule_id });
    const forget = async (): Promise<void> => {
      await query('DROP TABLE IF EXISTS sendense_flow_migrations, sendense_flow_pruned');
      await query('UPDATE protection_flows SET enabled = 1, next_execution_time = NULL');
    };
    await forget();
    const all = await statementsOf(options);
    const disables = all.findIndex((sql) => /^UPDATE protection_flows SET enabled = 0/.test(sql));
    const begins = all.lastIndexOf('START TRANSACTION', disables);
    expect(begins).toBeGreaterThan(0);
    const seen = new Set<string>();
    for (let dieAt = begins; dieAt <= all.length; dieAt += 1) {
      await forget();
      await statementsOf(options, dieAt);
      const [history] = await select(database.session, "SHOW TABLES LIKE 'sendense_flow_migrations'");
      const isRecorded =
        history !== undefined &&
        (await select(database.session, 'SELECT * FROM sendense_flow_migrations')).length > 0;
      expect(await enabled()).toEqual(isRecorded ? [] : ['early', 'late']);
      await query("UPDATE protection_flows SET enabled = 1 WHERE id = 'late'");
      expect(await adopt(dataSource(), options)).toMatchObject({ ok: true });
      expect(await enabled()).toEqual(isRecorded ? ['late'] : []);
      seen.add(String(isRecorded));
    }
    expect([...seen]).toEqual(['false', 'true']);
  });
});
