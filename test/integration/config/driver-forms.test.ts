import * as mysql2 from 'mysql2';
import { withSessionSettings } from '../../../src/driver/session-settings';
import { useDatabase } from '../../support/database';

/** What `import * as mysql2` is in a CommonJS program that TypeScript compiled: getters on an object of its own. */
function typescriptNamespace(): typeof mysql2 {
  const namespace = Object.create(null) as object;
  for (const name of Object.keys(mysql2))
    Object.defineProperty(namespace, name, {
      enumerable: true,
      get: () => (mysql2 as Record<string, unknown>)[name],
    });
  return namespace as typeof mysql2;
}

const forms: Record<string, () => typeof mysql2> = {
  "require('mysql2')": () => jest.requireActual<typeof mysql2>('mysql2'),
  "TypeScript's import * as": typescriptNamespace,
  // The namespace of an ES module can be neither written to nor extended
  'a frozen namespace': () => Object.freeze({ ...mysql2, default: mysql2 }),
  'an import whose exports are under default': () => ({ default: mysql2 }) as unknown as typeof mysql2,
};

/** Guards that it does not matter how a program came by mysql2, nor what time zone its options, its URL or the process say. */
describe.each([
  ...Object.entries(forms).map(([name, form]) => [name, 'options', form] as const),
  ["require('mysql2')", 'a URL', () => mysql2] as const,
])('withSessionSettings of %s with %s', (_form, given, form) => {
  const database = useDatabase({ platform: 'none' });
  const options = (): mysql2.PoolOptions => {
    const { username: user, ...address } = database.settings;
    // mysql2 takes a URL in the place of options
    if (given === 'a URL') return `${database.url}?timezone=%2B05:00` as mysql2.PoolOptions;
    return { ...address, user, timezone: '+05:00' };
  };
  const instant = new Date('2000-07-01T00:00:00Z');
  const question =
    'SELECT @@SESSION.time_zone AS zone, CAST(? AS DATETIME) AS shown, UNIX_TIMESTAMP(?) AS written';
  const values = [instant, instant];
  const wanted = [{ zone: '+00:00', shown: instant, written: instant.getTime() / 1000 }];
  const numeric = (rows: unknown) =>
    (rows as { written: unknown }[]).map((row) => ({ ...row, written: Number(row.written) }));

  it('gives pools, pool clusters and connections in UTC', async () => {
    const driver = withSessionSettings(form());

    const pool = driver.createPool(options());
    const [ofPool] = await pool.promise().query(question, values);
    pool.end();
    expect(numeric(ofPool)).toEqual(wanted);

    const cluster = driver.createPoolCluster();
    cluster.add('MASTER', options());
    const ofCluster = await new Promise((resolve, reject) =>
      cluster.of('MASTER').query(question, values, (error, rows) => (error ? reject(error) : resolve(rows))),
    );
    cluster.end();
    expect(numeric(ofCluster)).toEqual(wanted);

    const connection = driver.createConnection(options());
    const [ofConnection] = await connection.promise().query(question, values);
    connection.destroy();
    expect(numeric(ofConnection)).toEqual(wanted);
  });
});
