import { EntitySubscriberInterface, type ObjectLiteral } from 'typeorm';
import { ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { fromServerError } from '../../../src/validation/server-errors';
import { faultsOf, useFlowTables } from './flow-tables';

const tables = useFlowTables();
const uuidv7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
let count = 0;

const flows = () => tables.dataSource.getRepository(ProtectionFlow);
const executions = () => tables.dataSource.getRepository(ProtectionFlowExecution);
const right = () => ({
  name: `flow ${++count}`,
  flow_type: 'backup' as const,
  target_type: 'vm' as const,
  target_id: 'ctx-1',
  repository_id: tables.ids.repositories[0],
});
const wrong = () => ({ ...right(), name: ' ', flow_type: 'archive' as never, total_executions: -1 });
const refused = { code: 'VALIDATION_FAILED', fields: ['flow_type', 'name', 'total_executions'] };

type Write = (values: ReturnType<typeof right>) => Promise<unknown>;
const inserts: [string, Write][] = [
  ['save() of an entity', (values) => flows().save(flows().create(values))],
  ['save() of a plain object', (values) => flows().save(values)],
  ['insert()', (values) => flows().insert(values)],
  ['upsert()', (values) => flows().upsert(values, ['name'])],
  ['the query builder', (values) => flows().createQueryBuilder().insert().values(values).execute()],
  ['the entity manager', (values) => tables.dataSource.manager.insert(ProtectionFlow, values)],
];

// Guards that every way to write a row is validated, and sets the id.
describe.each(inserts)('a new row by %s', (_, write) => {
  it('is refused for every wrong field at once, and not written', async () => {
    const values = wrong();
    expect(await faultsOf(write(values))).toEqual(refused);
    expect(await flows().countBy({ target_id: 'ctx-1', total_executions: -1 })).toBe(0);
  });

  it('is refused when it lacks a field that its type requires', async () => {
    const values = { ...right(), flow_type: 'replication' as never };
    expect(await faultsOf(write(values))).toEqual({
      code: 'VALIDATION_FAILED',
      fields: ['destination_type'],
    });
  });

  it('gets a UUIDv7 and its defaults, and the object shows the values of the row', async () => {
    const values: Partial<ProtectionFlow> & ReturnType<typeof right> = right();
    await write(values);
    const stored = await flows().findOneByOrFail({ name: values.name });
    expect(stored.id).toMatch(uuidv7);
    expect(stored).toMatchObject({ ...right(), name: values.name, enabled: true, created_by: 'system' });
  });

  it('keeps an id that the caller gave', async () => {
    const values = { ...right(), id: `own-${count}` };
    await write(values);
    expect(await flows().existsBy({ id: values.id, name: values.name })).toBe(true);
  });
});

describe('the object of insert()', () => {
  it('has the id, and so have the identifiers', async () => {
    const values: Partial<ProtectionFlow> = right();
    const { identifiers } = await flows().insert(values as ProtectionFlow);
    expect(identifiers).toEqual([{ id: values.id }]);
    expect(values.id).toMatch(uuidv7);
  });

  it('shows booleans and big numbers as they are read', async () => {
    const flow: Partial<ProtectionFlow> = { ...right(), enabled: false };
    await flows().insert(flow as ProtectionFlow);
    expect(flow).toMatchObject({ enabled: false, total_executions: 0 });
    const run: Partial<ProtectionFlowExecution> = { flow_id: flow.id, execution_type: 'manual' };
    await executions().insert(run);
    expect(run).toMatchObject({ bytes_transferred: 0, status: 'pending' });
  });

  it('lets later ids sort after earlier ones', async () => {
    const values: Partial<ProtectionFlow>[] = Array.from({ length: 50 }, right);
    await flows().insert(values as ProtectionFlow[]);
    const ids = values.map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
  });
});

describe('a new row with SQL expressions', () => {
  it('passes the expressions to the database, for required columns too', async () => {
    const { name } = right();
    await flows().insert({
      ...right(),
      name,
      target_id: () => `CONCAT('ctx-', 7)`,
      flow_type: () => `'backup'`,
    });
    expect(await flows().findOneByOrFail({ name })).toMatchObject({ target_id: 'ctx-7' });
  });

  it('is checked in its other columns', async () => {
    const values = { ...right(), name: '', target_id: () => 'UUID()' };
    expect(await faultsOf(flows().insert(values))).toMatchObject({ fields: ['name'] });
  });
});

describe('several rows at once', () => {
  it('are refused together, each wrong field named with its row', async () => {
    const rows = [right(), { ...right(), name: '' }, right(), { ...right(), target_type: 'host' as never }];
    const attempt = flows().insert(rows);
    await expect(attempt).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: {
        entity: 'ProtectionFlow',
        fields: [
          { field: 'name', row: 2, constraints: { isNotBlank: 'row 2: name must not be blank' } },
          { field: 'target_type', row: 4 },
        ],
      },
    });
    expect(await flows().existsBy({ name: rows[0]!.name })).toBe(false);
  });

  it('are refused together by save() too', async () => {
    const rows = [right(), { ...right(), name: '' }];
    await expect(flows().save(rows)).rejects.toMatchObject({
      details: { fields: [{ field: 'name', row: 2 }] },
    });
  });

  it('name at most twenty wrong rows', async () => {
    const rows = Array.from({ length: 40 }, () => ({ ...right(), name: '' }));
    expect(await faultsOf(flows().insert(rows))).toMatchObject({ fields: Array(20).fill('name') });
  });

  it('of another statement on the same connection are written', async () => {
    await tables.dataSource.transaction(async (manager) => {
      const good = right();
      const results = await Promise.allSettled([
        manager.insert(ProtectionFlow, good),
        manager.insert(ProtectionFlow, { ...right(), name: '' }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    });
  });
});

describe('a changed row', () => {
  let id: string;
  beforeEach(async () => {
    ({ id } = await flows().save(right()));
  });
  const load = () => flows().findOneByOrFail({ id });

  const updates: [string, (values: object) => Promise<unknown>][] = [
    ['update()', (values) => flows().update({ id }, values)],
    [
      'the query builder',
      (values) => flows().createQueryBuilder().update().set(values).where({ id }).execute(),
    ],
    ['save() of a loaded entity', async (values) => flows().save(Object.assign(await load(), values))],
    ['save() of a part', (values) => flows().save({ id, ...values })],
  ];

  describe.each(updates)('by %s', (_, write) => {
    it('is refused for every wrong field at once', async () => {
      const changes = { name: '', enabled: 'yes', last_execution_time: new Date('nonsense') };
      expect(await faultsOf(write(changes))).toEqual({
        code: 'VALIDATION_FAILED',
        fields: ['enabled', 'last_execution_time', 'name'],
      });
    });

    it('is refused for null in a required column', async () => {
      expect(await faultsOf(write({ name: null }))).toEqual({ code: 'VALIDATION_FAILED', fields: ['name'] });
    });

    it('is written when it is right, and null clears a reference', async () => {
      await write({ enabled: false, schedule_id: tables.ids.schedules[0] });
      expect(await load()).toMatchObject({ enabled: false, schedule_id: tables.ids.schedules[0] });
      await write({ schedule_id: null });
      expect((await load()).schedule_id).toBeNull();
    });

    it('is refused when it lacks a field that its type requires, by the validation or by the database', async () => {
      const attempt = write({ repository_id: null });
      const error = await attempt.then(() => null, fromServerError);
      expect(error?.code).toBe('VALIDATION_FAILED');
      expect(error?.details).toMatchObject({
        entity: 'ProtectionFlow',
        fields: expect.arrayContaining([
          {
            field: 'repository_id',
            constraints: { flowType: 'repository_id must be given for a backup flow' },
          },
        ]) as object[],
      });
    });

    it('passes SQL expressions to the database', async () => {
      if (_.startsWith('save')) return;
      await write({ total_executions: () => 'total_executions + 1', last_execution_time: () => 'NOW()' });
      expect(await load()).toMatchObject({
        total_executions: 1,
        last_execution_time: expect.any(Date) as Date,
      });
    });
  });

  it('is checked only in the columns that save() writes, whatever old faults are in other columns', async () => {
    await tables.database.session.query('UPDATE protection_flows SET total_executions = -1 WHERE id = ?', [
      id,
    ]);
    await flows().save(Object.assign(await load(), { description: 'renamed' }));
    expect((await load()).description).toBe('renamed');
  });
});

describe('a relation given as an object', () => {
  it('counts as a value of its column', async () => {
    const { repository_id: repositoryId, ...values } = right();
    const flow = await flows().save({ ...values, repository: { id: repositoryId } });
    const stored = await flows().findOneByOrFail({ id: flow.id });
    expect(stored.repository_id).toBe(repositoryId);
    await flows().insert({ ...values, name: `${values.name} again`, repository: { id: repositoryId } });
  });

  it('is refused when it names no row', async () => {
    const values = { ...right(), repository_id: undefined };
    expect(await faultsOf(flows().insert({ ...values, repository: {} }))).toMatchObject({
      fields: ['repository_id'],
    });
  });

  it('is refused when its column names another row', async () => {
    const repository = { id: tables.ids.repositories[1] };
    expect(await faultsOf(flows().insert({ ...right(), repository }))).toEqual({
      code: 'VALIDATION_FAILED',
      fields: ['repository_id'],
    });
  });

  it('is refused when it was loaded and its column was changed, which TypeORM would not write', async () => {
    const { id } = await flows().save({ ...right(), schedule_id: tables.ids.schedules[0] });
    const flow = await flows().findOneOrFail({ where: { id }, relations: { schedule: true } });
    Object.assign(flow, { schedule_id: null, description: 'no more schedule' });
    expect(await faultsOf(flows().save(flow))).toEqual({
      code: 'VALIDATION_FAILED',
      fields: ['schedule_id'],
    });
  });

  it('may replace the loaded one', async () => {
    const { id } = await flows().save(right());
    const flow = await flows().findOneOrFail({ where: { id }, relations: { repository: true } });
    flow.repository = { id: tables.ids.repositories[1] } as never;
    await flows().save(flow);
    expect((await flows().findOneByOrFail({ id })).repository_id).toBe(tables.ids.repositories[1]);
  });
});

describe('another subscriber that throws', () => {
  it('leaves no unhandled rejection', async () => {
    const thrower: EntitySubscriberInterface<ObjectLiteral> = {
      beforeInsert() {
        throw new Error('not today');
      },
    };
    tables.dataSource.subscribers.push(thrower);
    try {
      await expect(flows().insert(wrong())).rejects.toThrow('not today');
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      tables.dataSource.subscribers.splice(tables.dataSource.subscribers.indexOf(thrower), 1);
    }
  });
});
