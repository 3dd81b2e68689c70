import { catalogRows, insideTransaction, type Queryable } from '../../../src/engine/server/queryable';
import { useDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';

const question =
  'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1';

/** Guards that a query on the catalog which DDL of others aborted is repeated a few times, outside of transactions. */
describe('an aborted query on the catalog', () => {
  const database = useDatabase();
  const dataSource = useDataSource(database);

  /** The session, whose first questions fail as a Galera node lets them fail. */
  function failing(session: Queryable, times: number, errno = 1213) {
    const asked = { times: 0 };
    const query: Queryable['query'] = (sql, parameters) => {
      asked.times += 1;
      if (asked.times > times) return session.query(sql, parameters);
      return Promise.reject(Object.assign(new Error('aborted'), { errno }));
    };
    return { asked, session: Object.assign(Object.create(session) as Queryable, { query }) };
  }

  it('is repeated', async () => {
    const { session, asked } = failing(database.session, 4);
    expect(await catalogRows(session, question)).toEqual(await database.session.query(question));
    expect(asked.times).toBe(5);
  });

  it('is not repeated for ever', async () => {
    const { session, asked } = failing(database.session, Infinity);
    await expect(catalogRows(session, question)).rejects.toMatchObject({ errno: 1213 });
    expect(asked.times).toBe(6);
  });

  it('is not repeated inside a transaction, begun by the runner or by a statement', async () => {
    const runner = dataSource().createQueryRunner();
    await runner.startTransaction();
    const begun = failing(database.session, 1);
    const active = failing(runner, 1);
    for (const session of [insideTransaction(begun.session), active.session])
      await expect(catalogRows(session, question)).rejects.toMatchObject({ errno: 1213 });
    expect([begun.asked.times, active.asked.times]).toEqual([1, 1]);
    await runner.rollbackTransaction();
    await runner.release();
  });

  it('is not repeated after any other error', async () => {
    const { session, asked } = failing(database.session, 1, 1205);
    await expect(catalogRows(session, question)).rejects.toMatchObject({ errno: 1205 });
    expect(asked.times).toBe(1);
  });
});
