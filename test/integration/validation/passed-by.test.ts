import { ProtectionFlow } from '../../../src/entities';
import { fromServerError } from '../../../src/validation/server-errors';
import { useFlowTables } from './flow-tables';

const tables = useFlowTables();
const flows = () => tables.dataSource.getRepository(ProtectionFlow);
let count = 0;
const right = () => ({
  name: `flow ${++count}`,
  flow_type: 'backup' as const,
  target_type: 'vm' as const,
  target_id: 'ctx-1',
  repository_id: tables.ids.repositories[0],
});

// Guards that a writer that bypasses the validation gets the same errors for the same faults.
describe('a write that bypasses the validation', () => {
  const around = (values: object) =>
    flows().createQueryBuilder().insert().values(values).callListeners(false).execute();
  const mapped = (attempt: Promise<unknown>) => attempt.then(() => null, fromServerError);

  it.each([
    ['type', { repository_id: null }, 'repository_id', 'flowType'],
    ['length', { name: 'a'.repeat(256) }, 'name', 'maxLength'],
    ['enum', { target_type: 'host' }, 'target_type', 'isIn'],
    ['range', { total_executions: 2 ** 31 }, 'total_executions', 'max'],
    // Beyond MariaDB 11.8, too, whose timestamps end in 2106
    ['date', { last_execution_time: new Date('2107-01-01') }, 'last_execution_time', 'isDate'],
    ['null', { name: null }, 'name', 'isDefined'],
    ['a missing value', { name: undefined }, 'name', 'isDefined'],
    ['bytes', { description: 'a'.repeat(65_536) }, 'description', 'maxLength'],
  ])('is refused by the database with the same error: %s', async (_, fields, field, rule) => {
    const error = await mapped(around({ ...right(), id: `around-${++count}`, ...fields }));
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', details: { entity: 'ProtectionFlow' } });
    expect(error?.details['fields']).toContainEqual({
      field,
      constraints: { [rule]: expect.any(String) as string },
    });
  });

  it('is refused for a taken name, in any case', async () => {
    const values = right();
    await flows().insert(values);
    const error = await mapped(flows().insert({ ...right(), name: values.name.toUpperCase() }));
    expect(error).toMatchObject({ code: 'FLOW_NAME_TAKEN', details: { name: values.name.toUpperCase() } });
  });

  it('is refused for a reference to a missing row', async () => {
    const error = await mapped(flows().insert({ ...right(), repository_id: 'nowhere' }));
    expect(error).toMatchObject({
      code: 'REFERENCE_NOT_FOUND',
      details: { key: 'fk_flows_repository', field: 'repository_id' },
    });
  });

  it('cannot delete a repository that is in use', async () => {
    const [, id] = tables.ids.repositories;
    await flows().insert({ ...right(), repository_id: id });
    const remove = tables.dataSource.query('DELETE FROM backup_repositories WHERE id = ?', [id]);
    expect(await mapped(remove)).toMatchObject({
      code: 'STILL_REFERENCED',
      details: { key: 'fk_flows_repository', table: 'protection_flows' },
    });
  });

  it('throws on an invalid date instead of writing NULL', async () => {
    const values = { ...right(), id: `around-${++count}`, last_execution_time: new Date('nonsense') };
    await expect(around(values)).rejects.toThrow(/An invalid Date cannot be written/);
  });
});
