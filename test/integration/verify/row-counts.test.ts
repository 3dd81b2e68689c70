import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { seedFlows } from './damaged-database';

// Guards that verify does not call a table proven when one of its indexes has lost rows. No SQL damages an index in this
// way, so the test changes the server's answer.
it('verify fails on an index with fewer rows than the primary key, and prints the SQL that rebuilds the index', async () => {
  await seedFlows(database.session);
  const createQueryRunner = dataSource().createQueryRunner.bind(dataSource());
  dataSource().createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
    runner.query = (async (...parameters: unknown[]) => {
      const isCount = /FROM `protection_flows` FORCE INDEX/.test(String(parameters[0]));
      if (!isCount) return query(...parameters);
      const [flows, ...others] = (await query(...parameters)) as Record<string, unknown>[];
      return [{ ...flows, byPrimaryKey: 2, byIndex: 1 }, ...others];
    }) as typeof runner.query;
    return runner;
  };
  const { verdict, checks } = await verify(dataSource());
  expect(verdict).toBe('drifted');
  const fault = checks.filter(({ status }) => status === 'fail');
  expect(fault).toMatchObject([
    { id: 'row-counts', summary: expect.stringContaining('protection_flows has 2 rows') },
  ]);
  for (const sql of (fault[0]?.remedy ?? '').split('\n').filter((line) => !line.startsWith('--')))
    await database.session.query(sql);
});

const database = useDatabase({ platform: 'mixed' });
const dataSource = useDataSource(database);
