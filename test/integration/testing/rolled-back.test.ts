import { DataSource } from 'typeorm';
import { createSchedule, rolledBack } from '../../../src/testing';
import { useDatabase } from '../../support/database';

// Guards that tests which share a database leave no rows to one another.
describe('rolledBack', () => {
  const database = useDatabase();
  let dataSource: DataSource;
  beforeAll(async () => {
    dataSource = await new DataSource({ type: 'mysql', ...database.settings }).initialize();
  });
  afterAll(() => dataSource.destroy());

  async function countSchedules(): Promise<number> {
    const [row] = (await dataSource.query('SELECT COUNT(*) AS n FROM replication_schedules')) as {
      n: string;
    }[];
    return Number(row?.n);
  }

  it('returns what the work returns and keeps none of its rows', async () => {
    const id = await rolledBack(dataSource, async (manager) => (await createSchedule(manager)).id);
    expect(id).toMatch(/^schedule-/);
    expect(await countSchedules()).toBe(0);
  });

  it('throws what the work throws and keeps none of its rows', async () => {
    const fault = new Error('the test failed');
    const work = rolledBack(dataSource, async (manager) => {
      await createSchedule(manager);
      throw fault;
    });
    await expect(work).rejects.toBe(fault);
    expect(await countSchedules()).toBe(0);
  });

  it("throws the work's error, not the rollback's, when the connection is lost in between", async () => {
    const work = rolledBack(dataSource, async (manager) => {
      const [row] = (await manager.query('SELECT CONNECTION_ID() AS id')) as { id: string }[];
      await dataSource.query(`KILL ${row?.id}`);
      await manager.query('SELECT 1');
    });
    await expect(work).rejects.toMatchObject({ name: 'QueryFailedError' });
  });

  it('gives the connection back', async () => {
    for (let round = 0; round < 15; round += 1) await rolledBack(dataSource, () => Promise.resolve());
    expect(await countSchedules()).toBe(0);
  });
});
