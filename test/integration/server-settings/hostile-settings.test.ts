import { migrate, rollback } from '../../../src/engine/migrate';
import { createRepositories } from '../../../src/repositories';
import { seedPlatformRows } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { openDataSource } from '../../support/data-source';
import { useDatabase, usePrivateServer } from '../../support/database';
import { hostileSettings } from './hostile-settings';
import { setGlobally } from './set-globally';

const server = usePrivateServer({ serverArguments: ['--log-bin', '--server-id=1'] });
let restore: (() => Promise<void>) | undefined;
afterEach(async () => {
  await restore?.();
  restore = undefined;
});
// After the hook above: the settings go first, then the database
const database = useDatabase({ server, per: 'each' });

// Guards that defaults of a server change nothing about a database or a run.
it.each(Object.entries(hostileSettings))(
  'on a server whose defaults change %s, everything works as on other servers',
  async (_what, settings) => {
    restore = await setGlobally(database.session, settings);
    const dataSource = await openDataSource(database);
    try {
      const { flows, executions, dueFlows } = createRepositories(dataSource);
      expect(await migrate(dataSource)).toMatchObject({ ok: true });
      const faults = (await verify(dataSource)).checks.filter(({ status }) => status !== 'pass');
      expect(faults).toEqual([]);

      const { schedules } = await seedPlatformRows(database.session);
      for (const name of ['first', 'second', 'third']) {
        await flows.create({
          name,
          flow_type: 'replication',
          target_type: 'vm',
          target_id: 'vm-1',
          destination_type: 'ossea',
          schedule_id: schedules[1],
        });
      }
      await expect(
        flows.create({
          name: 'FIRST',
          flow_type: 'replication',
          target_type: 'vm',
          target_id: 'vm-1',
          destination_type: 'ossea',
        }),
      ).rejects.toMatchObject({ code: 'FLOW_NAME_TAKEN' });
      await database.session.query("UPDATE protection_flows SET next_execution_time = '2026-01-01'");
      const { claimed } = await dueFlows.claimDue({ worker: 'w' });
      expect(claimed.map(({ flow }) => flow.name).sort()).toEqual(['first', 'second', 'third']);
      for (const { execution } of claimed) await executions.finish(execution.id, { status: 'success' });
      const { id } = claimed[0]!.flow;
      await executions.enqueue({ flow_id: id, execution_type: 'manual' });
      expect(await dueFlows.claimQueued({ worker: 'w' })).toMatchObject([{ flow: { id } }]);
      expect(await executions.latest(claimed.map(({ flow }) => flow.id))).toHaveProperty('size', 3);

      expect(await rollback(dataSource, { steps: 'all', discardRows: true })).toMatchObject({ ok: true });
      expect((await verify(dataSource)).verdict).toBe('never-ran');
    } finally {
      await dataSource.destroy();
    }
  },
);

// Such a server refuses READ COMMITTED, and in REPEATABLE READ a claim reads a snapshot from before it had its locks.
it('on a server with a binary log of statements, no flow runs twice', async () => {
  restore = await setGlobally(database.session, [['binlog_format', "'STATEMENT'"]]);
  const dataSource = await openDataSource(database);
  try {
    await migrate(dataSource);
    const { flows, executions, dueFlows } = createRepositories(dataSource);
    const created = [];
    for (let index = 0; index < 6; index += 1) {
      const flow = { name: `flow ${index}`, flow_type: 'replication', destination_type: 'ossea' } as const;
      created.push(await flows.create({ ...flow, target_type: 'vm', target_id: 'vm-1' }));
    }
    for (const { id } of created)
      for (let run = 0; run < 8; run += 1)
        await executions.enqueue({ flow_id: id, execution_type: 'manual' });
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_none, index) => dueFlows.claimQueued({ worker: `w${index}`, limit: 6 })),
    );
    const ids = claims.flat().map(({ flow }) => flow.id);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids).toHaveLength(new Set(ids).size);
  } finally {
    await dataSource.destroy();
  }
});
