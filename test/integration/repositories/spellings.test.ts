import { uuidv7 } from 'uuidv7';
import type { NewFlow } from '../../../src/repositories';
import { createBackupJob, createPolicy, createRepository, createSchedule } from '../../../src/testing';
import { useDataLayer } from './data-layer';

const layer = useDataLayer();
const past = new Date('2026-01-01T00:00:00Z');

/** Pairs of ids that the collation of the column treats as equal. */
const spellings: Readonly<Record<string, readonly [stored: string, other: string]>> = {
  case: ['flow-lower', 'FLOW-Lower'],
  accents: ['flow-cafe', 'flów-café'],
  letters: ['flow-strasse', 'flow-straße'],
  width: ['flow-wide', 'ｆｌｏｗ-wide'],
  'blanks at the end': ['flow-blank', 'flow-blank  '],
  'ignored characters': ['flow-joined', 'flow\u200d-joi\u200cned'],
  emoji: ['flow-😀', 'flow-🎉'],
};

let runs = 0;

/** Creates the flow anew, so that tests can share a database and an id. */
async function flowOf(stored: string, overrides: Partial<NewFlow> = {}): Promise<void> {
  await layer.database.session.query('DELETE FROM protection_flows WHERE id = ?', [stored]);
  await layer.repositories.flows.create(layer.newFlow({ id: stored, ...overrides }));
}

/** Inserts a run as another program. The foreign key accepts any spelling of the flow's id. */
async function foreignRun(flowId: string, status: 'pending' | 'running'): Promise<string> {
  const id = `foreign-${(runs += 1)}`;
  await layer.database.session.query(
    `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, started_at)
     VALUES (?, ?, ?, 'manual', ?)`,
    [id, flowId, status, status === 'running' ? past : null],
  );
  return id;
}

const makeDue = (id: string): Promise<unknown> =>
  layer.database.session.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [
    past,
    id,
  ]);
const running = (id: string): Promise<number> =>
  layer.count("SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ? AND status = 'running'", [
    id,
  ]);
const scheduled = async (stored: string): Promise<void> => {
  await flowOf(stored, { schedule_id: layer.platform.schedules[0] });
  await makeDue(stored);
};
const manual = (flow_id: string, id?: string) => ({ flow_id, id, execution_type: 'manual' as const });
const claimDue = async (overlap: 'skip' | 'queue' = 'skip') =>
  layer.repositories.dueFlows.claimDue({ worker: 'w', overlap });
const claimQueued = () => layer.repositories.dueFlows.claimQueued({ worker: 'w' });

// Guards that this package and the database agree which ids are equal. Otherwise a flow would run twice, runs would stay
// queued for ever, and deleted flows would be reported as missing.
describe.each(Object.entries(spellings))(
  'an id that differs from the stored one in %s',
  (_kind, [stored, other]) => {
    const methods: Readonly<Record<string, () => Promise<void>>> = {
      'start stores the id as the flow spells it, and claimDue starts no second run': async () => {
        await scheduled(stored);
        const run = await layer.repositories.executions.start(manual(other));
        expect(run.flow_id).toBe(stored);
        expect(await layer.repositories.executions.get(run.id)).toMatchObject({ flow_id: stored });
        expect(await claimDue()).toMatchObject({
          claimed: [],
          skipped: [{ flowId: stored, reason: 'still-running' }],
        });
        expect(await running(stored)).toBe(1);
        await expect(layer.repositories.executions.start(manual(other))).rejects.toMatchObject({
          code: 'FLOW_STILL_RUNNING',
          details: { executionId: run.id },
        });
      },
      'no caller starts a second run beside a run of another program': async () => {
        await scheduled(stored);
        const id = await foreignRun(other, 'running');
        expect(await claimDue()).toMatchObject({ claimed: [], skipped: [{ reason: 'still-running' }] });
        await layer.repositories.executions.enqueue(manual(stored));
        expect(await claimQueued()).toEqual([]);
        for (const spelling of [stored, other])
          await expect(layer.repositories.executions.start(manual(spelling))).rejects.toMatchObject({
            details: { executionId: id },
          });
        expect(await running(stored)).toBe(1);
      },
      'claimDue queues one run, not one for each spelling': async () => {
        await scheduled(stored);
        await foreignRun(other, 'running');
        await foreignRun(other, 'pending');
        expect(await claimDue('queue')).toMatchObject({ queued: [], skipped: [{ reason: 'still-running' }] });
      },
      'a queued run is claimed with its flow': async () => {
        await flowOf(stored);
        const { id, flow_id } = await layer.repositories.executions.enqueue(manual(other));
        expect(flow_id).toBe(stored);
        expect(await claimQueued()).toMatchObject([
          { execution: { id, status: 'running' }, flow: { id: stored } },
        ]);
      },
      'runs that another program has queued are claimed one at a time': async () => {
        await flowOf(stored);
        const ids = [
          await foreignRun(other, 'pending'),
          await foreignRun(stored, 'pending'),
          await foreignRun(other, 'pending'),
        ];
        const claimed: string[] = [];
        for (const _id of ids) {
          const claims = await claimQueued();
          expect(claims).toMatchObject([{ flow: { id: stored } }]);
          const [{ execution }] = claims as [(typeof claims)[0]];
          claimed.push(execution.id);
          expect(await claimQueued()).toEqual([]);
          await layer.repositories.executions.finish(execution.id, { status: 'success' });
        }
        expect(claimed).toEqual(ids);
      },
      'a repeated start, and a repeated enqueue, make one run': async () => {
        const { executions } = layer.repositories;
        await flowOf(stored);
        const id = uuidv7();
        await executions.start(manual(stored, id));
        expect(await executions.start(manual(other, id))).toMatchObject({ id, flow_id: stored });
        const waiting = uuidv7();
        await executions.enqueue(manual(other, waiting));
        expect(await executions.enqueue(manual(stored, waiting))).toMatchObject({ id: waiting });
        expect(
          await layer.count('SELECT COUNT(*) FROM protection_flow_executions WHERE flow_id = ?', [stored]),
        ).toBe(2);
      },
      'begin, latest, history, settle and reapStale find runs of another program': async () => {
        const { executions } = layer.repositories;
        await flowOf(stored);
        const id = await foreignRun(other, 'pending');
        const latest = await executions.latest([stored, other]);
        expect([latest.get(stored)?.id, latest.get(other)?.id]).toEqual([id, id]);
        expect((await executions.history(stored)).items).toMatchObject([{ id }]);
        expect(await executions.begin(id)).toBe(true);
        await executions.recordJobs(id, []);
        expect(await executions.settle(id)).toMatchObject({ settled: true });
        expect(await layer.repositories.flows.get(other)).toMatchObject({ id: stored, total_executions: 1 });
        const silent = await foreignRun(other, 'running');
        expect(await executions.reapStale({ silenceMs: 1 })).toEqual([silent]);
      },
      'get, update, enable, disable and delete find the stored flow': async () => {
        const { flows } = layer.repositories;
        await flowOf(stored);
        expect(await flows.update(other, { description: 'changed' })).toMatchObject({ id: stored });
        expect(await flows.disable(other)).toMatchObject({ id: stored, enabled: false });
        expect(await flows.enableMany([other])).toMatchObject({
          successful: 1,
          results: [{ id: other, ok: true }],
        });
        expect(await flows.get(stored)).toMatchObject({ enabled: true });
        await flows.delete(other);
        expect(await flows.find(stored)).toBeNull();
      },
      'calls for many flows return a result for each given spelling, and an error for a missing flow':
        async () => {
          const { flows } = layer.repositories;
          await flowOf(stored);
          const ids = [other, 'flow-none', stored];
          for (const call of ['disableMany', 'enableMany', 'deleteMany'] as const)
            expect(await flows[call](ids)).toMatchObject({
              requested: 3,
              successful: 2,
              failed: 1,
              results: [
                { id: other, ok: true },
                { id: 'flow-none', ok: false, error: { code: 'FLOW_NOT_FOUND' } },
                { id: stored, ok: true },
              ],
            });
          expect(await flows.find(stored)).toBeNull();
        },
      'prune keeps the run that the flow shows, however the flow spells its id': async () => {
        await flowOf(stored);
        const ids = await Promise.all(
          ['success', 'success', 'success'].map(async (_, at) => {
            const id = `${at}-${stored}`;
            await layer.database.session.query(
              `INSERT INTO protection_flow_executions (id, flow_id, status, execution_type, created_at, completed_at)
           VALUES (?, ?, 'success', 'manual', ?, ?)`,
              [id, other, new Date(past.getTime() + at * 1000), past],
            );
            return id;
          }),
        );
        await layer.database.session.query('UPDATE protection_flows SET last_execution_id = ? WHERE id = ?', [
          `0-${other}`,
          stored,
        ]);
        await layer.repositories.retention.prune({ keepPerFlow: 1, pauseMs: 0 });
        const { items } = await layer.repositories.executions.history(stored);
        expect(items.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
      },
      'create refuses a second flow with that id': async () => {
        const { flows } = layer.repositories;
        await flowOf(stored);
        const fault = await flows.create(layer.newFlow({ id: other })).catch((error: unknown) => error);
        expect(fault).toMatchObject({
          code: 'ID_TAKEN',
          details: { entity: 'ProtectionFlow', id: other, stored },
        });
        expect(String(fault)).toContain(`for the database it equals ${JSON.stringify(stored)}`);
      },
      'start and enqueue refuse the id of a run of another flow': async () => {
        const { executions, flows } = layer.repositories;
        await flowOf(stored);
        const another = await flows.create(layer.newFlow());
        await executions.enqueue(manual(stored, `run-${stored}`));
        for (const call of ['start', 'enqueue'] as const)
          await expect(executions[call](manual(another.id, `run-${other}`))).rejects.toMatchObject({
            code: 'ID_TAKEN',
            details: { entity: 'ProtectionFlowExecution', id: `run-${other}`, stored: `run-${stored}` },
          });
      },
      'create and update report a taken name together with the stored name': async () => {
        const { flows } = layer.repositories;
        await flowOf(stored, { name: `Backup ${stored}` });
        const clash = {
          code: 'FLOW_NAME_TAKEN',
          details: { field: 'name', name: `Backup ${other}`, stored: `Backup ${stored}` },
        };
        const { id } = await flows.create(layer.newFlow());
        for (const attempt of [
          () => flows.create(layer.newFlow({ name: `Backup ${other}` })),
          () => flows.update(id, { name: `Backup ${other}` }),
        ]) {
          const fault = await attempt().catch((error: unknown) => error);
          expect(fault).toMatchObject(clash);
          expect(String(fault)).toContain(`for the database it equals ${JSON.stringify(`Backup ${stored}`)}`);
        }
      },
    };
    it.each(Object.keys(methods))('%s', (title) => methods[title]!());
  },
);

// Guards that a flow runs although it spells its schedule in another way that the database accepts.
describe.each(['case', 'accents', 'blanks at the end'])(
  'an id of the platform that differs in %s',
  (kind) => {
    const [stored, other] = spellings[kind]!;

    it('gives the flow its next time and names, and the flow stores the id as the schedule spells it', async () => {
      const { flows, dueFlows, targets } = layer.repositories;
      const { session } = layer.database;
      const schedule = (await createSchedule(session, { id: `s-${stored}` })).id;
      await createRepository(session, { id: `r-${stored}` });
      await createPolicy(session, { id: `p-${stored}` });
      const given = { schedule_id: `s-${other}`, repository_id: `r-${other}`, policy_id: `p-${other}` };
      const hasTime = { schedule_id: schedule, next_execution_time: expect.any(Date) as Date };
      const flow = await flows.create(layer.newFlow(given));
      expect(flow).toMatchObject(hasTime);
      const named = expect.any(String) as string;
      expect(await flows.get(flow.id)).toMatchObject({
        schedule_name: named,
        repository_name: named,
        policy_name: named,
      });
      expect((await targets.check(flow.id)).map(({ field }) => field)).toEqual(['target_id']);
      await flows.update(flow.id, { schedule_id: null });
      expect(await flows.update(flow.id, { schedule_id: given.schedule_id })).toMatchObject(hasTime);
      // As another program has stored it
      await session.query(
        'UPDATE protection_flows SET schedule_id = ?, next_execution_time = NULL WHERE id = ?',
        [given.schedule_id, flow.id],
      );
      expect(await dueFlows.plan()).toEqual({ planned: 1, problems: [] });
      await makeDue(flow.id);
      expect(await claimDue()).toMatchObject({ claimed: [{ flow: { id: flow.id } }], skipped: [] });
      expect((await flows.get(flow.id)).next_execution_time).not.toEqual(past);
    });

    it('finds a recorded job, and a VM with a full backup', async () => {
      const { executions, targets } = layer.repositories;
      const { session } = layer.database;
      await flowOf('flow-jobs');
      const repository_id = (await createRepository(session)).id;
      const job = { id: `j-${stored}`, vm_context_id: `v-${stored}`, repository_id, backup_type: 'full' };
      await createBackupJob(session, { ...job, status: 'completed' });
      const run = await executions.start(manual('flow-jobs'));
      await executions.recordJobs(run.id, [`j-${other}`]);
      expect(await executions.settle(run.id)).toMatchObject({ status: 'success', settled: true });
      expect(await targets.withoutFullBackup([`v-${other}`, 'v-none', `v-${stored}`], repository_id)).toEqual(
        new Set(['v-none']),
      );
    });
  },
);
