import { createConnection } from 'mysql2/promise';
import { readCatalog } from '../../../src/engine/schema/catalog/read-catalog';
import type { Queryable } from '../../../src/engine/server/queryable';
import type { Schema } from '../../../src/engine/schema/shape';
import { sessionOf } from '../../../src/testing/throw-away-database';
import { connectionUrl } from '../../../src/testing/connection-url';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { otherNodes } from '../../support/shared-server';
import { describeOnGalera } from '../../support/use-cluster';

const aborts = 3;
const tables = ['protection_flows', 'protection_flow_executions'];

/** The catalog as read, without the column that the other node adds and drops. */
const withoutNote = (live: Schema): unknown =>
  [...live.values()]
    .map((table) => ({ ...table, columns: table.columns.filter(({ name }) => name !== 'note') }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));

// Guards that the catalog can be read while another node changes its tables, which aborts some reads.
describeOnGalera('the catalog of a node, while another one executes DDL', () => {
  const database = useDatabase();
  const dataSource = useDataSource(database);

  it(`is read completely although the server aborts reads (${aborts} of them)`, async () => {
    const whole = withoutNote(await readCatalog(database.session, dataSource().server, tables));
    let aborted = 0;
    let isOver = false;
    const other = await createConnection(connectionUrl(otherNodes()[0]!, database.name));
    const changing = (async () => {
      while (!isOver) {
        await other.query('ALTER TABLE protection_flows ADD COLUMN note int NULL');
        await other.query('ALTER TABLE protection_flows DROP COLUMN note');
      }
    })();
    const reading = Array.from({ length: 6 }, async () => {
      const session = sessionOf(await database.connect());
      const counting: Queryable = {
        query: (sql, parameters) =>
          session.query(sql, parameters).catch((error: unknown) => {
            if ((error as { errno?: number }).errno === 1213) aborted += 1;
            throw error;
          }),
      };
      while (aborted < aborts) {
        const live = await readCatalog(counting, dataSource().server, tables);
        expect(withoutNote(live)).toEqual(whole);
      }
    });
    const ends = await Promise.allSettled(reading);
    isOver = true;
    await changing;
    other.destroy();
    expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
  }, 180_000);
});
