import { Injectable } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { EntityManager, type Repository } from 'typeorm';
import { loadConnection } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { entities, ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { DueFlowRepository, ExecutionRepository, FlowRepository } from '../../../src/repositories';
import { buildFlow, createSchedule } from '../../../src/testing';
import { subscribers } from '../../../src/validation';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { useApps } from './apps';
import { CreateNotes1700000000000, Note } from './notes';

@Injectable()
class Service {
  readonly repository: FlowRepository;

  constructor(
    @InjectRepository(ProtectionFlow) readonly flows: Repository<ProtectionFlow>,
    @InjectRepository(ProtectionFlowExecution) readonly executions: Repository<ProtectionFlowExecution>,
    @InjectRepository(Note) readonly notes: Repository<Note>,
    readonly manager: EntityManager,
  ) {
    this.repository = new FlowRepository(manager);
  }
}

/** Guards that the entities, their validation and the repositories work on a DataSource of the application's own. */
describe("the entities on an application's own DataSource", () => {
  const database = useDatabase();
  useDataSource(database);
  const apps = useApps();

  const start = async (lists: object = { entities: [...entities, Note] }): Promise<Service> => {
    const app = await apps.start({
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({
            ...dataSourceOptions(loadConnection({ env: { DATABASE_URL: database.url } })),
            type: sharedServer().flavour,
            ...lists,
            subscribers,
            migrations: [CreateNotes1700000000000],
            migrationsRun: true,
            retryAttempts: 0,
          }),
        }),
        TypeOrmModule.forFeature([ProtectionFlow, ProtectionFlowExecution, Note]),
      ],
      providers: [Service],
    });
    return app.get(Service);
  };

  it('are injected by forFeature, and read and written', async () => {
    const { flows, executions, notes } = await start();
    const flow = await flows.save(flows.create(buildFlow()));
    await executions.insert({
      flow_id: flow.id,
      execution_type: 'manual',
      started_at: new Date('2026-03-29T01:30:00Z'),
    });
    await notes.save({ text: 'of the application' });

    const [found] = await executions.find({ where: { flow_id: flow.id }, relations: { flow: true } });
    expect(found).toMatchObject({ bytes_transferred: 0, started_at: new Date('2026-03-29T01:30:00Z') });
    expect(found?.flow).toMatchObject({ id: flow.id, enabled: true });
  });

  it('are injected when the application loads the entities of forFeature automatically', async () => {
    const { flows, notes } = await start({ entities, autoLoadEntities: true });
    const { id } = await flows.save(flows.create(buildFlow()));
    await notes.save({ text: 'of the application' });
    await expect(flows.find({ where: { id }, relations: { repository: true } })).resolves.toHaveLength(1);
  });

  it('are validated before a write, and every wrong field is named at once', async () => {
    const { flows } = await start();
    const error = flows.save(
      flows.create({ name: ' ', flow_type: 'backup', target_type: 'vm', target_id: 'x' }),
    );
    await expect(error).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: [{ field: 'name' }, { field: 'repository_id' }] },
    });
  });

  it('work together with the repositories', async () => {
    const { repository, manager } = await start();
    const schedule = await createSchedule(manager, { cron_expression: '0 2 * * *' });
    const flow = await repository.create({ ...buildFlow(), schedule_id: schedule.id });
    expect(flow.next_execution_time).toBeInstanceOf(Date);
    await expect(repository.get(flow.id)).resolves.toMatchObject({ schedule_name: schedule.name });

    const due = new Date(flow.next_execution_time!.getTime() + 1000);
    const { claimed } = await new DueFlowRepository(manager).claimDue({ worker: 'w', now: due });
    expect(claimed).toMatchObject([{ flow: { id: flow.id }, dueAt: flow.next_execution_time }]);
    const executions = new ExecutionRepository(manager);
    await expect(executions.finish(claimed[0]!.execution.id, { status: 'success' })).resolves.toBe(true);
    await expect(repository.get(flow.id)).resolves.toMatchObject({ successful_executions: 1 });
  });

  it('work together with the repositories in a transaction of the application', async () => {
    const { repository, manager, notes } = await start();
    const input = buildFlow();
    const work = manager.transaction(async (transaction) => {
      await transaction.insert(Note, { text: input.name });
      await repository.withManager(transaction).create(input);
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    await expect(repository.find(input.id)).resolves.toBeNull();
    await expect(notes.countBy({ text: input.name })).resolves.toBe(0);
  });

  it('fail with the same errors as on the shared DataSource', async () => {
    const { repository } = await start();
    const flow = await repository.create(buildFlow());
    await expect(repository.create(buildFlow({ name: flow.name }))).rejects.toMatchObject({
      code: 'FLOW_NAME_TAKEN',
    });
    await expect(repository.get('nobody')).rejects.toMatchObject({ code: 'FLOW_NOT_FOUND' });
  });
});
