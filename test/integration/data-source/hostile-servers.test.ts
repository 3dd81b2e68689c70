import { ProtectionFlow, ProtectionFlowExecution } from '../../../src/entities';
import { adopt } from '../../../src/engine/adopt';
import { migrate, rollback } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { seedPlatformRows } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase, usePrivateServer } from '../../support/database';
import { useDataSource } from '../../support/data-source';
import { testInstallation } from '../../support/test-installation';

/** Instants that a conversion through a zone would move: in the gaps and overlaps of several zones, and odd halves. */
const instants = [
  '2026-03-08T07:00:01Z',
  '2026-03-29T01:30:00Z',
  '2026-10-25T00:30:00Z',
  '2026-10-25T01:30:00Z',
  '2026-11-01T05:30:00Z',
  '2026-06-30T18:29:59Z',
  '1970-01-01T00:00:01Z',
  '2038-01-19T03:14:07Z',
];

const servers: Readonly<Record<string, readonly string[]>> = {
  'without backslash escapes, in +05:30, in latin1': [
    '--sql-mode=NO_BACKSLASH_ESCAPES',
    '--default-time-zone=+05:30',
    '--character-set-server=latin1',
    '--init-connect=SET autocommit=0, time_zone="-08:00"',
  ],
  'with an empty sql_mode and timestamps that default by themselves': [
    '--sql-mode=',
    '--explicit-defaults-for-timestamp=OFF',
    '--default-time-zone=-03:30',
  ],
  'in ANSI mode': ['--sql-mode=ANSI,PIPES_AS_CONCAT'],
};

/** Guards that nothing depends on the server's defaults or on anyone's time zone. */
describe.each(Object.entries(servers))('a server %s', (_what, serverArguments) => {
  const server = usePrivateServer({ serverArguments });
  const database = useDatabase({ platform: 'mixed', server, name: 'my data-base' });
  // Once the platform's tables are there, which such a server would refuse: from then on, no name fits into an index
  beforeAll(() => database.session.query('SET GLOBAL innodb_default_row_format = COMPACT'));
  const dataSource = useDataSource(database);

  it('ends up with the same schema, proven, after up, down and up', async () => {
    expect(await verify(dataSource())).toMatchObject({ ok: true, verdict: 'proven' });
    await rollback(dataSource(), { steps: 'all' });
    expect((await verify(dataSource())).verdict).toBe('never-ran');
    await migrate(dataSource());
    expect(await verify(dataSource())).toMatchObject({ ok: true, verdict: 'proven' });
  });

  it('accepts tables with long indexes only under the former default', async () => {
    const setDefault = (format: string) =>
      database.session.query(`SET GLOBAL innodb_default_row_format = ${format}`);
    await setDefault('DYNAMIC');
    await dataSource().query('ALTER TABLE protection_flows ROW_FORMAT=DEFAULT');
    await dataSource().query(
      "ALTER TABLE protection_flows MODIFY created_by varchar(255) NULL DEFAULT 'system'",
    );
    await setDefault('COMPACT');
    expect(await adopt(dataSource(), { repair: true })).toMatchObject({ ok: true });
    expect(await verify(dataSource())).toMatchObject({ ok: true, verdict: 'proven' });
  });

  it('has nullable timestamps without ON UPDATE, except updated_at', async () => {
    const columns = await select(
      database.session,
      `SELECT COLUMN_NAME AS name, IS_NULLABLE AS nullable, EXTRA LIKE '%on update%' AS onUpdate
         FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'protection_flow%' AND DATA_TYPE = 'timestamp'`,
    );
    const shown = columns.map(({ name, nullable, onUpdate }) => `${name} ${nullable} ${onUpdate}`).sort();
    expect(shown).toEqual([
      'completed_at YES 0',
      'created_at NO 0',
      'created_at NO 0',
      'last_execution_time YES 0',
      'next_execution_time YES 0',
      'started_at YES 0',
      'updated_at NO 1',
    ]);
  });

  it('keeps every instant exactly, written and read through the entities', async () => {
    const flows = dataSource().getRepository(ProtectionFlow);
    const executions = dataSource().getRepository(ProtectionFlowExecution);
    const flow = await flows.save({
      name: `it's "quoted" \\ and % _ 'тест' ${String.fromCodePoint(0x1f4be)}`,
      flow_type: 'replication',
      target_type: 'vm',
      target_id: 'vm-1',
      destination_type: 'ossea',
      enabled: false,
    });
    for (const instant of instants) {
      const { id } = await executions.save({
        flow_id: flow.id,
        execution_type: 'manual',
        started_at: new Date(instant),
        completed_at: null,
      });
      const stored = await executions.findOneByOrFail({ id });
      expect(stored.started_at?.toISOString()).toBe(new Date(instant).toISOString());
      expect(stored.completed_at).toBeNull();
      const [raw] = await dataSource().query<{ seconds: number | string }[]>(
        'SELECT UNIX_TIMESTAMP(started_at) AS seconds FROM protection_flow_executions WHERE id = ?',
        [id],
      );
      expect(Number(raw?.seconds)).toBe(Date.parse(instant) / 1000);
    }
    const stored = await flows.findOneByOrFail({ id: flow.id });
    expect(stored).toMatchObject({ name: flow.name, enabled: false });
    expect(Math.abs(Date.now() - stored.created_at.getTime())).toBeLessThan(60_000);
  });

  it('lets no value break out of its quotes', async () => {
    const evil = "x\\' OR 1=1 -- ";
    const rows = await dataSource().query('SELECT ? AS value', [evil]);
    expect(rows).toEqual([{ value: evil }]);
    expect(await dataSource().getRepository(ProtectionFlow).findBy({ name: evil })).toEqual([]);
  });

  it('refuses wrong flows by CHECK, with the same error as the validation', async () => {
    const { repositories } = await seedPlatformRows(dataSource());
    const flows = dataSource().getRepository(ProtectionFlow);
    const right = { name: 'right', flow_type: 'backup', target_type: 'vm', target_id: 'vm-1' } as const;
    const { id } = await flows.save({ ...right, repository_id: repositories[0] });
    const fault = { code: 'VALIDATION_FAILED', details: { fields: [{ field: 'repository_id' }] } };
    await expect(flows.save({ ...right, name: 'wrong' })).rejects.toMatchObject(fault);
    await expect(flows.insert({ ...right, name: 'wrong' })).rejects.toMatchObject(fault);
    const byDatabase = flows
      .createQueryBuilder()
      .update({ repository_id: null })
      .where({ id })
      .callListeners(false);
    await expect(byDatabase.execute()).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: expect.arrayContaining([expect.objectContaining({ field: 'repository_id' })]) },
    });
  });

  it('is a real server of the installation under test', async () => {
    expect(dataSource().server.flavour).toBe((await testInstallation()).flavour);
  });
});
