import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, EntityManager, type Repository } from 'typeorm';
import { ProtectionFlowsDataSource } from '../../../src/typeorm/guarded-data-source';
import { ProtectionFlowsModule } from '../../../src/nestjs';
import { FlowRepository } from '../../../src/repositories';
import { buildFlow } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { sharedServer } from '../../support/shared-server';
import { useApps } from './apps';
import { CreateNotes1700000000000, Note } from './notes';

@Injectable()
class Service {
  constructor(
    readonly flows: FlowRepository,
    readonly protection: ProtectionFlowsDataSource,
    @InjectRepository(Note) readonly notes: Repository<Note>,
    @InjectDataSource() readonly own: DataSource,
    readonly ownManager: EntityManager,
  ) {}
}

/** Guards that an application's own TypeORM connection and this module's do not take each other's place. */
describe('this module and the TypeOrmModule of an application', () => {
  const database = useDatabase({ per: 'each' });
  const apps = useApps();

  const ownModules = () => [
    TypeOrmModule.forRoot({
      type: sharedServer().flavour,
      ...database.settings,
      entities: [Note],
      migrations: [CreateNotes1700000000000],
      migrationsRun: true,
      retryAttempts: 0,
    }),
    TypeOrmModule.forFeature([Note]),
  ];
  const ours = () =>
    ProtectionFlowsModule.forRoot({
      connection: { env: { DATABASE_URL: database.url } },
      migrationsRun: true,
      isGlobal: true,
    });

  it.each([
    ['with the package first', () => [ours(), ...ownModules()]],
    ['with the package last', () => [...ownModules(), ours()]],
  ])('are each injected under their own class, when imported %s', async (_order, imports) => {
    const app = await apps.start({ imports: imports(), providers: [Service] });
    const { flows, protection, notes, own, ownManager } = app.get(Service);

    expect(protection).toBeInstanceOf(ProtectionFlowsDataSource);
    expect(own).not.toBeInstanceOf(ProtectionFlowsDataSource);
    expect(ownManager.connection).toBe(own);
    const flow = await flows.create(buildFlow());
    const note = await notes.save({ text: 'of the application' });
    await expect(flows.get(flow.id)).resolves.toMatchObject({ name: flow.name });
    await expect(notes.findOneBy({ id: note.id })).resolves.toMatchObject({ text: 'of the application' });
  });

  it('keep separate migration histories in one database', async () => {
    const app = await apps.start({ imports: [ours(), ...ownModules()], providers: [Service] });
    const { own, protection } = app.get(Service);

    const names = async (table: string) =>
      ((await own.query(`SELECT name FROM ${table} ORDER BY id`)) as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(await names('migrations')).toEqual(['CreateNotes1700000000000']);
    const history = await names('sendense_flow_migrations');
    expect(history).toEqual(protection.migrations.map(({ name }) => name));
    expect(history).not.toContain('CreateNotes1700000000000');
    expect((await verify(protection)).verdict).toBe('proven');
    await expect(own.showMigrations()).resolves.toBe(false);
  });

  it('are both closed with the application', async () => {
    const app = await apps.start({ imports: [ours(), ...ownModules()], providers: [Service] });
    const { own, protection } = app.get(Service);
    await app.close();
    expect([own.isInitialized, protection.isInitialized]).toEqual([false, false]);
  });
});
