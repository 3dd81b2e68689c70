import { createBackupJob } from '../../../src/testing';
import { useDataLayer } from './data-layer';

const silence = { silenceMs: 60_000, limit: 10_000 };

// Guards that a scheduler of this package does not end the hub's runs, which are alive but give no sign of life.
describe.each(['older', 'newer'] as const)(
  'a run that the hub began, on an %s release of the platform',
  (age) => {
    const layer = useDataLayer({ age, platform: 'mixed' });
    const ask = (sql: string, values: unknown[]): Promise<unknown> =>
      layer.database.session.query(sql, values);

    /** Inserts a run as the hub does, begun an hour ago. The server makes its id. */
    async function hubRun(jobs: readonly string[] | null = null): Promise<string> {
      const { flows, executions } = layer.repositories;
      const { id: flow_id } = await flows.create(layer.newFlow());
      await ask(
        `INSERT INTO protection_flow_executions (flow_id, status, execution_type, started_at, created_at, created_job_ids)
       VALUES (?, 'running', 'manual', CURRENT_TIMESTAMP - INTERVAL 1 HOUR, CURRENT_TIMESTAMP - INTERVAL 1 HOUR, ?)`,
        [flow_id, jobs === null ? null : JSON.stringify(jobs)],
      );
      return (await executions.latest([flow_id])).get(flow_id)!.id;
    }
    const job = async (status: string): Promise<string> =>
      (await createBackupJob(layer.database.session, { status })).id;
    const tell = (id: string, at: string): Promise<unknown> =>
      ask(`UPDATE backup_jobs SET last_telemetry_at = CURRENT_TIMESTAMP ${at} WHERE id = ?`, [id]);
    const reap = (): Promise<string[]> => layer.repositories.executions.reapStale(silence);

    it('is not reaped without any sign of life, except on request', async () => {
      const { executions } = layer.repositories;
      const runs = [
        await hubRun(),
        await hubRun([await job('running')]),
        await hubRun([await job('completed')]),
      ];
      expect(await reap()).toEqual([]);
      const hours = (count: number) =>
        executions.reapStale({ ...silence, withoutSignOfLifeMs: count * 3_600_000 });
      expect(await hours(2)).toEqual([]);
      expect((await hours(1 / 2)).sort()).toEqual([...runs].sort());
    });

    it.each(['0', 1.5, 0] as const)(
      'cannot be reaped with the invalid withoutSignOfLifeMs %j',
      async (withoutSignOfLifeMs) => {
        const options = { ...silence, withoutSignOfLifeMs } as { silenceMs: number };
        await expect(layer.repositories.executions.reapStale(options)).rejects.toMatchObject({
          code: 'VALIDATION_FAILED',
          details: { fields: [{ field: 'withoutSignOfLifeMs' }] },
        });
      },
    );

    it('is judged by its own signs of life once it has given one', async () => {
      const { executions } = layer.repositories;
      const id = await hubRun();
      await executions.progress(id);
      expect(await reap()).toEqual([]);
      await ask(
        `UPDATE protection_flow_executions
          SET execution_metadata = JSON_OBJECT('heartbeat_at', '2026-01-01T00:00:00Z') WHERE id = ?`,
        [id],
      );
      expect(await reap()).toEqual([id]);
    });

    if (age === 'older') return;

    it('is judged by the reports of its jobs under way', async () => {
      const [silent, alive, done] = [await job('running'), await job('running'), await job('completed')];
      const dead = await hubRun([done, silent]);
      const goesOn = await hubRun([silent, alive]);
      const over = await hubRun([done]);
      for (const id of [silent, done]) await tell(id, '- INTERVAL 10 MINUTE');
      await tell(alive, '- INTERVAL 10 SECOND');
      expect(await reap()).toEqual([dead]);
      await tell(alive, '+ INTERVAL 2 DAY');
      // A time in the future does not count, so the other job decides
      expect(await reap()).toEqual([goesOn]);
      await layer.repositories.executions.settle(over);
    });

    it('is treated like a run of this package, which the reports of its jobs keep alive too', async () => {
      const { flows, executions } = layer.repositories;
      const { id: flow_id } = await flows.create(layer.newFlow());
      const { id } = await executions.start({ flow_id, execution_type: 'api' });
      const jobId = await job('running');
      await executions.recordJobs(id, [jobId]);
      await ask(
        `UPDATE protection_flow_executions SET started_at = started_at - INTERVAL 1 HOUR,
              execution_metadata = JSON_OBJECT('heartbeat_at', '2026-01-01T00:00:00Z') WHERE id = ?`,
        [id],
      );
      await tell(jobId, '');
      expect(await reap()).toEqual([]);
      await tell(jobId, '- INTERVAL 10 MINUTE');
      expect(await reap()).toEqual([id]);
    });
  },
);
