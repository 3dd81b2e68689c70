import { inspect } from 'node:util';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import { adopt } from '../../../src/engine/adopt';
import { migrate, rollback } from '../../../src/engine/migrate';
import { createRepositories, FlowRepository, type Repositories } from '../../../src/repositories';
import type { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { waitFor } from '../../support/wait-for';
import { useDataLayer } from '../repositories/data-layer';
import { publicMethods } from '../repositories/explain-methods';
import { watchStatements } from '../repositories/explain-statements';
import { connectRival } from '../repositories/transactions-rival';
import { documented, listen, type Told } from './told';

const layer = useDataLayer();
const past = new Date('2026-01-01T00:00:00Z');
const run = { execution_type: 'api' } as const;

/** A data source of one connection, whose lock waits are short. */
let own: ProtectionFlowsDataSource;
let at: Repositories;
let starts = 0;
const allTold: Told[] = [];
let listening: ReturnType<typeof listen>;

beforeAll(async () => {
  own = await createDataSource({ ...layer.database.settings, poolSize: 1 }).initialize();
  await own.query('SET SESSION innodb_lock_wait_timeout = 1');
  watchStatements(own, ({ sql }) => void (starts += /^\s*START TRANSACTION/.test(sql) ? 1 : 0));
  at = createRepositories(own);
});
afterAll(() => own.destroy());
beforeEach(() => {
  listening = listen();
});
afterEach(() => {
  listening.stop();
  allTold.push(...listening.told);
});

const toldOf = (channel: string): Told[] => listening.told.filter((one) => one.channel === channel);
const fieldsOf = (channel: string) => toldOf(channel).map(({ fields }) => fields);
const dueFlow = async (): Promise<string> => {
  const flow = await at.flows.create(layer.newFlow({ schedule_id: layer.platform.schedules[0] }));
  await own.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [past, flow.id]);
  return flow.id;
};

// Guards that a trace shows each event, and shows it once.
describe('the channels report', () => {
  it('each call once, whichever of its own methods it calls, with the id that the caller gave', async () => {
    const { id, name } = await at.flows.create(layer.newFlow());
    await at.flows.enable(id);
    await at.flows.findByName(name);
    await at.flows.delete(id);
    await expect(at.executions.get('none')).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
    expect(toldOf('call').map(({ fields, error }) => ({ ...fields, code: error?.code }))).toEqual([
      { repository: 'flows', method: 'create', id: null },
      { repository: 'flows', method: 'enable', id },
      { repository: 'flows', method: 'findByName', id: null },
      { repository: 'retention', method: 'deleteFlows', id: null },
      { repository: 'flows', method: 'delete', id },
      { repository: 'executions', method: 'get', id: 'none', code: 'EXECUTION_NOT_FOUND' },
    ]);
  });

  it('the calls of every public method', async () => {
    type Methods = Record<string, (...given: unknown[]) => Promise<unknown>>;
    const byClass = new Map(Object.values(at).map((one: object) => [one.constructor.name, one as Methods]));
    const methods = publicMethods().filter((name) => !name.endsWith('.withManager'));
    for (const name of methods) {
      const [className = '', method = ''] = name.split('.');
      await byClass.get(className)![method]!().catch(() => undefined);
    }
    const told = fieldsOf('call').map(({ repository, method }) => {
      const { constructor } = at[repository as keyof Repositories];
      return `${constructor.name}.${String(method)}`;
    });
    expect(told).toEqual(methods);
  });

  it('each claim with its result, and each transition with whether anything changed', async () => {
    const flow = await dueFlow();
    const { claimed } = await at.dueFlows.claimDue({ worker: 'w', limit: 5 });
    const [first] = claimed.map(({ execution }) => execution.id);
    await own.query('UPDATE protection_flows SET next_execution_time = ? WHERE id = ?', [past, flow]);
    const { skipped } = await at.dueFlows.claimDue({ worker: 'w', limit: 5 });
    expect(skipped).toMatchObject([{ flowId: flow, reason: 'still-running' }]);
    await at.executions.finish(first!, { status: 'success' });
    await at.executions.finish(first!, { status: 'success' });
    const second = (await at.executions.enqueue({ flow_id: flow, ...run })).id;
    await at.dueFlows.claimQueued({ worker: 'w' });
    await at.executions.cancel(second);
    const third = (await at.executions.start({ flow_id: flow, ...run })).id;
    expect(fieldsOf('claim')).toEqual([
      { from: 'due', limit: 5, claimed: [first], queued: [], skipped: [] },
      { from: 'due', limit: 5, claimed: [], queued: [], skipped },
      { from: 'queue', limit: 20, claimed: [second], queued: [], skipped: [] },
    ]);
    expect(fieldsOf('transition')).toEqual([
      { to: 'running', executionIds: [first], changed: true },
      { to: 'success', executionIds: [first], changed: true },
      { to: 'success', executionIds: [first], changed: false },
      { to: 'pending', executionIds: [second], changed: true },
      { to: 'running', executionIds: [second], changed: true },
      { to: 'cancelled', executionIds: [second], changed: true },
      { to: 'running', executionIds: [third], changed: true },
    ]);
  });

  it('each retry, with the error that ended the attempt before', async () => {
    const { id } = await at.flows.create(layer.newFlow());
    const rival = await connectRival(layer.database);
    await rival.hold('UPDATE protection_flows SET description = ? WHERE id = ?', ['held', id]);
    starts = 0;
    const started = at.executions.start({ flow_id: id, ...run });
    await waitFor(() => starts > 2);
    await rival.rollback();
    await started;
    const again = toldOf('retry');
    expect(again.length).toBeGreaterThan(1);
    again.forEach(({ fields }, index) => expect(fields).toEqual({ attempt: index + 2, errno: 1205 }));
    expect(again.map(({ error }) => error?.code)).toEqual([
      ...again.slice(1).map(() => 'TRANSACTION_ABORTED'),
      undefined,
    ]);
  });

  it('steps, and the wait for a table that another session holds', async () => {
    const key = 'fk_flows_repository';
    await own.query(`ALTER TABLE protection_flows DROP FOREIGN KEY ${key}`);
    const holder = await layer.database.connect();
    await holder.query('START TRANSACTION');
    await holder.query('SELECT COUNT(*) FROM protection_flows');
    const steps: string[] = [];
    const migrated = migrate(own, { onProgress: ({ step }) => steps.push(step) });
    await waitFor(() => steps.some((step) => step.startsWith('wait for ')));
    await holder.query('COMMIT');
    expect(await migrated).toMatchObject({ ok: true });
    expect(fieldsOf('lock-wait')).toEqual([{ on: 'table', connectionIds: [holder.threadId] }]);
    expect(fieldsOf('step')).toEqual([{ migration: null, step: `add foreign key ${key}` }]);
    await rollback(own, { discardRows: true });
    await migrate(own);
    const [, ...rest] = fieldsOf('step').map(({ migration, step }) => `${migration} ${step}`);
    const undone = rest.filter((title) => title.includes(' undo: '));
    expect(undone).not.toEqual([]);
    expect(rest.slice(undone.length)).toEqual(undone.map((title) => title.replace('undo: ', '')).reverse());
  });

  it('the steps that adopt repairs before it records', async () => {
    await own.query('DROP TABLE sendense_flow_migrations, sendense_flow_skips');
    expect(await adopt(own, { answers: { schedules: 'on' } })).toMatchObject({ recorded: true });
    expect(fieldsOf('step')).toContainEqual({ migration: null, step: 'create table sendense_flow_skips' });
  });

  it('the wait for another migrate', async () => {
    const [row] = await own.query<{ name: string }[]>(
      `SELECT CONCAT('sendense_flow_migrate_', LEFT(SHA2(DATABASE(), 256), 32)) AS name`,
    );
    const other = await layer.database.connect();
    await other.query('SELECT GET_LOCK(?, 1)', [row!.name]);
    const steps: string[] = [];
    const migrated = migrate(own, { onProgress: ({ step }) => steps.push(step) });
    await waitFor(() => steps.some((step) => step.startsWith('wait for ')));
    await other.query('SELECT RELEASE_LOCK(?)', [row!.name]);
    await migrated;
    expect(fieldsOf('lock-wait')).toEqual([{ on: 'migrate', connectionIds: [] }]);
  });
});

// Guards that a subscriber can neither change results of the program nor log secret values.
describe('a subscriber', () => {
  it('changes no answer and no error', async () => {
    const { id, name } = await at.flows.create(layer.newFlow());
    expect(await at.flows.get(id)).toMatchObject({ id, name });
    const refused = await at.flows.create(layer.newFlow({ name })).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'FLOW_NAME_TAKEN', message: expect.stringContaining(name) });
    await expect(at.flows.get(7 as never)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('does not change a class that extends a repository: its methods get the object itself', async () => {
    class Counting extends FlowRepository {
      readonly #found: string[] = [];
      override async find(id: string) {
        this.#found.push(id);
        return super.find(id);
      }
      get found() {
        return this.#found;
      }
    }
    const counting = new Counting(own.manager);
    await expect(counting.get('none')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
    expect(counting.found).toEqual(['none']);
  });

  it('gets no values of rows except ids, in errors too', async () => {
    const secret = 'Jane Doe, +44 20 7946 0018';
    const input = layer.newFlow({ name: secret, description: secret, created_by: secret } as object);
    const { id } = await at.flows.create(input);
    await at.flows.findByName(secret);
    await at.flows.update(id, { description: `${secret} again` });
    await expect(at.flows.create(input)).rejects.toMatchObject({ code: 'FLOW_NAME_TAKEN' });
    const begun = await at.executions.start({ flow_id: id, ...run, triggered_by: secret });
    await at.executions.finish(begun.id, { status: 'error', error_message: secret });
    expect(listening.told.length).toBeGreaterThan(6);
    expect(inspect(listening.told, { depth: 9, showHidden: true })).not.toContain('Jane');
  });
});

// Guards that the table agrees with the code.
it('docs/tracing.md names every channel, and the fields reported in these tests', () => {
  const seen = new Map<string, Set<string>>();
  for (const { channel, fields } of allTold)
    seen.set(channel, new Set([...(seen.get(channel) ?? []), ...Object.keys(fields)]));
  const sorted = (some: ReadonlyMap<string, Iterable<string>>) =>
    [...some].map(([name, fields]) => [name, [...fields].sort()]).sort();
  expect(sorted(seen)).toEqual(sorted(documented));
});
