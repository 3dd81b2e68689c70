import { openDatabase } from '../../../src/cli/open-database';
import type { OpenDatabase } from '../../../src/cli/services';
import { loadConnection } from '../../../src/config';
import { useDatabase } from '../../support/database';

/** Guards what a command's own connections promise in place of TypeORM's pool. */
const server = useDatabase();
const statements: string[] = [];
let database: OpenDatabase;

beforeEach(async () => {
  const env = { DATABASE_URL: `${server.url}?connectTimeout=1000` };
  database = await openDatabase(loadConnection({ env, cwd: '/' }), (sql) => statements.push(sql));
});
afterEach(() => database.destroy());

const idOf = async (session: { query(sql: string): Promise<unknown> }): Promise<unknown> =>
  session.query('SELECT CONNECTION_ID() AS id');

describe('a database that a command has opened', () => {
  it('reuses one connection for consecutive sessions, and opens another for a simultaneous session', async () => {
    const first = database.openSession();
    const id = await idOf(first);
    const second = database.openSession();
    expect(await idOf(second)).not.toEqual(id);
    await second.release();
    await first.release();
    await first.release();
    const [third, fourth] = [database.openSession(), database.openSession()];
    expect(await idOf(third)).toEqual(id);
    expect(await idOf(fourth)).not.toEqual(id);
    await Promise.all([third.release(), fourth.release()]);
  });

  it('never reuses a discarded session', async () => {
    const first = database.openSession();
    const id = await idOf(first);
    first.discard();
    await first.release();
    const second = database.openSession();
    expect(await idOf(second)).not.toEqual(id);
    await second.release();
  });

  it('does not apply the connect timeout to statements', async () => {
    const session = database.openSession();
    expect(await session.query("SELECT IF(SLEEP(1.3) = 0, 'yes', 'no') AS woken")).toEqual([
      { woken: 'yes' },
    ]);
    await session.release();
  });

  it('fails with errors of this package, and never hands out a lost connection', async () => {
    const session = database.openSession();
    const killed = session.query('KILL CONNECTION_ID()');
    await expect(killed).rejects.toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) as string });
    await expect(session.query('SELECT 1')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await session.release();
    const next = database.openSession();
    expect(await next.query("SELECT 'here' AS one")).toEqual([{ one: 'here' }]);
    await next.release();
  });

  it('reports each statement on each connection', async () => {
    const other = database.openConnection();
    await other.query('SELECT 42');
    await other.end();
    expect(statements).toContain('SELECT 42');
  });
});
