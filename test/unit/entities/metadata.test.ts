import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, getMetadataArgsStorage, type EntityMetadata } from 'typeorm';
import {
  entities,
  executionRelations,
  flowRelations,
  ProtectionFlow,
  ProtectionFlowExecution,
} from '../../../src/entities';
import { ruleOf } from '../../../src/validation/server-errors';
import { validateExecution, validateFlow } from '../../../src/validation';

let metadatas: EntityMetadata[];
const of = (target: unknown) => metadatas.find((metadata) => metadata.target === target)!;
const owned = () => [of(ProtectionFlow), of(ProtectionFlowExecution)];

beforeAll(async () => {
  const dataSource = new DataSource({ type: 'mariadb', database: 'not_connected_to', entities });
  await (dataSource as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  metadatas = dataSource.entityMetadatas;
});

// Without these, an entity could be missing, or its names could differ from the tables.
describe('the entities', () => {
  it('are all in the list', async () => {
    const folder = join(__dirname, '../../../src/entities');
    for (const name of readdirSync(folder)) await import(join(folder, name));
    const declared = getMetadataArgsStorage().tables.map(({ target }) => target);
    expect(new Set<unknown>(entities)).toEqual(new Set(declared));
  });

  it('have 22 and 19 columns', () => {
    expect(owned().map(({ columns }) => columns.length)).toEqual([22, 19]);
  });

  it('have only the relations that a stored row omits', () => {
    expect(owned().map(({ relations }) => relations.map(({ propertyName }) => propertyName).sort())).toEqual([
      [...flowRelations].sort(),
      [...executionRelations].sort(),
    ]);
  });

  it('give each property the name of its column', () => {
    for (const { columns } of metadatas)
      for (const column of columns) expect(column.propertyName).toBe(column.databaseName);
  });

  it('never let a DataSource create or alter their tables', () => {
    expect(metadatas.filter(({ synchronize }) => synchronize)).toEqual([]);
  });

  it('name every index, unique and foreign key', () => {
    const names = owned().map(({ indices, uniques, foreignKeys }) => ({
      indexes: [...indices.map(({ name }) => name), ...uniques.map(({ name }) => name)].sort(),
      keys: foreignKeys.map(({ name, onDelete }) => `${name} ${onDelete}`).sort(),
    }));
    expect(names).toEqual([
      {
        indexes: [
          'idx_flows_created',
          'idx_flows_due',
          'idx_flows_enabled_created',
          'idx_flows_schedule_created',
          'idx_flows_target_created',
          'idx_flows_type_created',
          'idx_last_execution',
          'idx_policy',
          'idx_repository',
          'uq_flows_name',
        ],
        keys: ['fk_flows_policy SET NULL', 'fk_flows_repository RESTRICT', 'fk_flows_schedule SET NULL'],
      },
      {
        indexes: [
          'idx_execution_time',
          'idx_executions_flow_status_created',
          'idx_executions_history',
          'idx_flow_executions',
          'idx_schedule_execution',
          'idx_status',
        ],
        keys: ['fk_executions_flow CASCADE', 'fk_executions_schedule SET NULL'],
      },
    ]);
  });

  it('never write the other side of a relation when a row is saved', () => {
    const inverse = metadatas.flatMap(({ oneToManyRelations }) => oneToManyRelations);
    expect(inverse.filter(({ persistenceEnabled }) => persistenceEnabled)).toEqual([]);
    expect(inverse.length).toBeGreaterThan(0);
  });

  it('require in a new row exactly the columns that are neither nullable nor have a default', () => {
    const required = owned().map(({ columns }) =>
      columns
        .filter((column) => !column.isNullable && column.default === undefined)
        .map((column) => column.propertyName)
        .sort(),
    );
    const asked = [validateFlow({}), validateExecution({})].map((faults) =>
      faults.map(({ field }) => field).sort(),
    );
    expect(asked).toEqual(required);
  });

  it('refuse null exactly where the column does', () => {
    const nulls = (metadata: EntityMetadata) =>
      Object.fromEntries(metadata.columns.map((column) => [column.propertyName, null]));
    const refused = [
      validateFlow(nulls(of(ProtectionFlow)), 'update'),
      validateExecution(nulls(of(ProtectionFlowExecution)), 'update'),
    ].map((faults) => faults.map(({ field }) => field).sort());
    expect(refused).toEqual(
      owned().map(({ columns }) =>
        columns
          .filter(({ isNullable }) => !isNullable)
          .map(({ propertyName }) => propertyName)
          .sort(),
      ),
    );
  });

  it("agree with the server's errors on the kind of each column", () => {
    const rules: Record<string, string> = {
      enum: 'isIn',
      timestamp: 'isDate',
      int: 'isInt',
      bigint: 'isInt',
      json: 'isJson',
      boolean: 'isBoolean',
    };
    const expected = owned()
      .flatMap(({ columns }) => columns)
      .flatMap(({ propertyName, type }) => {
        const rule = rules[String(type)];
        return rule === undefined ? [] : [[propertyName, rule] as const];
      });
    expect(ruleOf).toEqual(Object.fromEntries(expected));
  });
});
