import { LessThanOrEqual } from 'typeorm';
import { ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { faultsOf, useFlowTables } from './flow-tables';
import { isTypeorm03 } from '../../support/typeorm-version';

const tables = useFlowTables();
const flows = () => tables.dataSource.getRepository(ProtectionFlow);
const executions = () => tables.dataSource.getRepository(ProtectionFlowExecution);
let flowId: string;
let count = 0;

beforeAll(async () => {
  const flow = await flows().save({
    name: 'of all runs',
    flow_type: 'replication',
    target_type: 'group',
    target_id: tables.ids.group,
    destination_type: 'vmware',
  });
  flowId = flow.id;
});

async function written(values: Partial<ProtectionFlowExecution>): Promise<ProtectionFlowExecution> {
  const id = `run-${++count}`;
  await executions().insert({ id, flow_id: flowId, execution_type: 'api', ...values } as never);
  return executions().findOneByOrFail({ id });
}

// Guards that a value is read as it was written.
describe('a written value', () => {
  it.each([
    ['2025-03-30T01:30:00Z'],
    ['2025-10-26T00:59:59Z'],
    ['1970-01-01T00:00:01Z'],
    ['2038-01-19T03:14:07Z'],
  ])('is the same instant: %s', async (instant) => {
    const started_at = new Date(instant);
    expect((await written({ started_at })).started_at).toEqual(started_at);
  });

  it('loses the fraction of its second, and is found by the date that was written', async () => {
    const started_at = new Date('2025-10-09T12:00:00.700Z');
    const run = await written({ started_at });
    expect(run.started_at).toEqual(new Date('2025-10-09T12:00:00Z'));
    expect(await executions().countBy({ id: run.id, started_at })).toBe(1);
    expect(await executions().countBy({ id: run.id, started_at: LessThanOrEqual(started_at) })).toBe(1);
  });

  it.each([[0], [1], [2 ** 40], [Number.MAX_SAFE_INTEGER]])(
    'is the same number of bytes: %p',
    async (bytes) => {
      expect((await written({ bytes_transferred: bytes })).bytes_transferred).toBe(bytes);
    },
  );

  it('is refused beyond the exact numbers of JavaScript, even when a write bypasses the validation', async () => {
    const bytes_transferred = Number.MAX_SAFE_INTEGER + 1;
    expect(await faultsOf(written({ bytes_transferred }))).toMatchObject({ fields: ['bytes_transferred'] });
    const around = executions()
      .createQueryBuilder()
      .insert()
      .values({ id: 'around', flow_id: flowId, execution_type: 'api', bytes_transferred })
      .callListeners(false);
    await expect(around.execute()).rejects.toThrow(/bytes_transferred is 9007199254740992/);
  });

  it('is refused beyond the exact numbers of JavaScript by save() of a loaded row, with its other wrong fields', async () => {
    const run = await written({});
    Object.assign(run, { bytes_transferred: 2 ** 60, status: 'done' });
    expect(await faultsOf(executions().save(run))).toEqual({
      code: 'VALIDATION_FAILED',
      fields: ['bytes_transferred', 'status'],
    });
  });

  it('throws when a row has more bytes than a number holds exactly', async () => {
    const { id } = await written({});
    await tables.database.session.query(
      'UPDATE protection_flow_executions SET bytes_transferred = 9007199254740993 WHERE id = ?',
      [id],
    );
    await expect(executions().findOneByOrFail({ id })).rejects.toThrow(RangeError);
    await executions().delete({ id });
  });

  it.each([[false], [true]])('is the same boolean: %p', async (enabled) => {
    const { id } = await flows().save({
      name: `enabled ${enabled}`,
      flow_type: 'replication',
      target_type: 'vm',
      target_id: 'x',
      destination_type: 'hyperv',
      enabled,
    });
    expect((await flows().findOneByOrFail({ id })).enabled).toBe(enabled);
  });

  it.each([
    ['null', null],
    ['an empty list', []],
    ['200 ids', Array.from({ length: 200 }, (_, index) => `backup-web_${index}-${1760000000 + index}`)],
  ])('is the same list of job ids: %s', async (_, created_job_ids) => {
    expect((await written({ created_job_ids })).created_job_ids).toEqual(created_job_ids);
  });

  it.each([
    ['null', null],
    ['empty', {}],
    ['nested, with quotes, backslashes and an emoji', { a: { b: ['"', "'", '\\', '💾', 1.5, null, true] } }],
  ])('is the same object: %s', async (_, execution_metadata) => {
    expect((await written({ execution_metadata })).execution_metadata).toEqual(execution_metadata);
  });

  it('can be nested as deep as the validation allows', async () => {
    const nested = (levels: number): never => (levels === 0 ? 1 : { a: nested(levels - 1) }) as never;
    expect((await written({ execution_metadata: nested(31) })).execution_metadata).toEqual(nested(31));
    expect(await faultsOf(written({ execution_metadata: nested(32) }))).toMatchObject({
      fields: ['execution_metadata'],
    });
  });

  // TypeORM 0.3 takes the dates of a row that was read for changed: it writes them once more, as they are
  (isTypeorm03 ? it.skip : it)('is not written again when nothing changed', async () => {
    const run = await written({ started_at: new Date(), execution_metadata: { a: 1 }, bytes_transferred: 5 });
    const statements: string[] = [];
    const subscriber = { afterQuery: ({ query }: { query: string }) => void statements.push(query) };
    tables.dataSource.subscribers.push(subscriber as never);
    await executions().save(Object.assign(run, { started_at: new Date(run.started_at!.getTime() + 300) }));
    tables.dataSource.subscribers.splice(tables.dataSource.subscribers.indexOf(subscriber as never), 1);
    expect(statements.filter((sql) => sql.startsWith('UPDATE'))).toEqual([]);
  });
});

describe('relations', () => {
  it('can be read in both directions', async () => {
    const run = await written({ schedule_execution_id: tables.ids.scheduleExecutions[0] });
    const loaded = await executions().findOneOrFail({
      where: { id: run.id },
      relations: { flow: true, schedule_execution: { schedule: true } },
    });
    expect(loaded.flow.name).toBe('of all runs');
    expect(loaded.schedule_execution?.schedule.timezone).toBe('Europe/Berlin');
    const flow = await flows().findOneOrFail({ where: { id: flowId }, relations: { executions: true } });
    expect(flow.executions.map(({ id }) => id)).toContain(run.id);
  });

  it('keep the executions when a flow is saved without them', async () => {
    const { id } = await written({});
    const flow = await flows().findOneOrFail({ where: { id: flowId }, relations: { executions: true } });
    flow.executions = [];
    flow.description = 'changed';
    await flows().save(flow);
    expect((await executions().findOneByOrFail({ id })).flow_id).toBe(flowId);
  });
});

describe('the entities and the tables', () => {
  it('agree on every column of the platform that the package reads', async () => {
    for (const { target } of tables.dataSource.entityMetadatas)
      await expect(tables.dataSource.getRepository(target).find({ take: 1 })).resolves.toBeDefined();
  });
});
