import {
  Column,
  DataSource,
  Entity,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type DataSourceOptions,
  type MigrationInterface,
  type QueryRunner,
  type Relation,
} from 'typeorm';
import { loadConnection } from '../../../src/config';
import { dataSourceOptions } from '../../../src/typeorm/data-source-options';
import { entities, ProtectionFlow } from '../../../src/entities';
import { migrations } from '../../../src/migrations';
import { readStatus } from '../../../src/engine/migrate';
import { createRepositories } from '../../../src/repositories';
import { buildFlow } from '../../../src/testing';
import { subscribers } from '../../../src/validation';
import { verify } from '../../../src/engine/verify';
import { catalogDump } from '../../support/catalog-dump';
import { useDatabase } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';

/** An entity of the application's own, with a key to a flow: docs/migrations.md, "In your application's DataSource". */
@Entity({ name: 'flow_notes' })
class FlowNote {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ type: 'varchar', length: 64, charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci' })
  flow_id!: string;

  @ManyToOne(() => ProtectionFlow, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'flow_id', foreignKeyConstraintName: 'fk_flow_notes_flow' })
  flow!: Relation<ProtectionFlow>;

  @Column({ type: 'varchar', length: 200 })
  text!: string;
}

class CreateFlowNotes1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE flow_notes (id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
      flow_id varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL, text varchar(200) NOT NULL,
      CONSTRAINT fk_flow_notes_flow FOREIGN KEY (flow_id) REFERENCES protection_flows (id) ON DELETE CASCADE ON UPDATE NO ACTION) ENGINE=InnoDB`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE flow_notes');
  }
}

/** Guards the recipe for this package in an application's DataSource: neither changes tables of the other. */
describe.each(['utf8mb4_general_ci', 'utf8mb4_unicode_ci', 'latin1_swedish_ci'])(
  "this package in an application's DataSource, in a database of %s",
  (collation) => {
    const database = useDatabase();
    beforeAll(() => database.session.query(`ALTER DATABASE \`${database.name}\` COLLATE ${collation}`));
    const guarded = useDataSource(database);
    let application: DataSource;

    beforeAll(async () => {
      application = await new DataSource({
        ...dataSourceOptions(loadConnection({ env: { DATABASE_URL: database.url } })),
        type: sharedServer().flavour,
        entities: [...entities, FlowNote],
        subscribers,
        migrations: [CreateFlowNotes1700000000000],
      } as DataSourceOptions).initialize();
    });
    afterAll(() => application.destroy());
    const theirs = /^(flow_notes|migrations)$/;
    const diff = async () =>
      (await application.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);

    afterEach(() => application.query('DROP TABLE IF EXISTS flow_notes, migrations'));

    it('lets migration:generate and synchronize see only the tables of the application', async () => {
      const before = await catalogDump(database.session, theirs);
      const wanted = await diff();
      expect(wanted.length).toBeGreaterThan(0);
      for (const sql of wanted) expect(sql).toMatch(/^(CREATE|ALTER) TABLE `flow_notes`/);

      await application.synchronize();
      expect(await diff()).toEqual([]);
      expect(await catalogDump(database.session, theirs)).toEqual(before);
      expect(await verify(guarded())).toMatchObject({ verdict: 'proven' });
    });

    it("runs and reverts the application's migrations beside ours, each in a history of its own", async () => {
      const before = await catalogDump(database.session, theirs);
      expect(await application.runMigrations()).toHaveLength(1);
      expect(await application.showMigrations()).toBe(false);
      expect(await diff()).toEqual([]);
      expect(await guarded().runMigrations()).toEqual([]);
      expect(await readStatus(guarded())).toMatchObject({ ok: true });

      const { flows } = createRepositories(application);
      const flow = await flows.create(buildFlow());
      const notes = application.getRepository(FlowNote);
      await notes.insert({ flow_id: flow.id, text: 'one' });
      await expect(notes.find({ relations: { flow: true } })).resolves.toMatchObject([
        { text: 'one', flow: { id: flow.id, created_at: flow.created_at } },
      ]);
      await flows.delete(flow.id);
      await expect(notes.count()).resolves.toBe(0);

      await application.undoLastMigration();
      expect(await catalogDump(database.session, theirs)).toEqual(before);
    });
  },
);

/** Guards that the package's migrations have one door: unguarded, they would leave tables that no command knows. */
describe("this package's migrations on another DataSource", () => {
  const database = useDatabase({ platform: 'none' });
  let plain: DataSource;

  beforeAll(async () => {
    plain = await new DataSource({
      type: sharedServer().flavour,
      ...database.settings,
      entities,
      migrations: [...migrations],
      migrationsTransactionMode: 'none',
    } as DataSourceOptions).initialize();
  });
  afterAll(() => plain.destroy());

  const refusal = {
    code: 'MIGRATION_UNGUARDED',
    remedy: expect.stringContaining('docs/migrations.md') as string,
  };
  const ownTables = () => plain.query("SHOW TABLES LIKE '%flow%'");

  it('are not run', async () => {
    await expect(plain.runMigrations()).rejects.toMatchObject(refusal);
    expect(await ownTables()).toEqual([]);
    expect(await plain.query('SELECT * FROM migrations')).toEqual([]);
  });

  it('are not replaced by synchronize, which makes none of their tables', async () => {
    await plain.synchronize();
    expect(await ownTables()).toEqual([]);
  });

  it.each(migrations.map((Migration) => [new Migration().name, Migration] as const))(
    '%s neither runs nor is undone',
    async (_name, Migration) => {
      await expect(new Migration().up()).rejects.toMatchObject(refusal);
      await expect(new Migration().down()).rejects.toMatchObject(refusal);
      expect(await ownTables()).toEqual([]);
    },
  );
});
