import { adopt } from '../../../src/engine/adopt';
import { migrate } from '../../../src/engine/migrate';
import { select } from '../../../src/engine/server/queryable';
import { platformPresets, type PlatformPresetName } from '../../../src/testing';
import { verify } from '../../../src/engine/verify';
import { useDatabase } from '../../support/database';
import { openDataSource, useDataSource } from '../../support/data-source';
import { sharedServer } from '../../support/shared-server';
import { declaredPart, everything, extrasIn, make } from './hand-made';
import { mended, readRows, withoutStatistics } from './rows';
import { starts } from './starts';
import type { Start } from './start';

/**
 * Guards that adopt gives tables made by hand the schema of a plain migrate. It keeps undeclared objects, and every row
 * but for NULLs, which become defaults.
 */
describe.each(Object.keys(platformPresets) as PlatformPresetName[])(
  'on a platform in %s, adopt repairs tables',
  (platform) => {
    const reference = useDatabase({ platform });
    useDataSource(reference);
    const database = useDatabase({ platform, per: 'each' });

    const mine = Object.entries(starts).filter(
      ([, start]) =>
        (start.platform ?? 'mixed') === platform &&
        (start.only ?? sharedServer().flavour) === sharedServer().flavour,
    );

    async function expectAdopted(start: Start): Promise<void> {
      await make(database.session, start);
      const dataSource = await openDataSource(database);
      try {
        const before = (await everything(database.session)) as { readonly history: unknown };
        const rows = await readRows(database.session);
        if (!start.migrates) expect(await migrate(dataSource)).toMatchObject({ ok: false, applied: [] });
        const look = await adopt(dataSource);
        expect(look).toMatchObject({ ok: false, adopted: [], decisions: [] });
        expect(look.repairs.length).toBeGreaterThan(0);
        const asked = look.questions.flatMap((question) => question.rows.map(({ id }) => id)).sort();
        expect(await everything(database.session)).toEqual(before);

        const repaired = await adopt(dataSource, { repair: true, answers: { schedules: 'on' } });
        expect({ ...repaired, findings: [] }).toMatchObject({ ok: true, decisions: [] });
        expect(repaired.repairs.filter(({ status }) => status !== 'repaired')).toEqual([]);
        expect(await declaredPart(database.session)).toEqual(await declaredPart(reference.session));
        expect((await extrasIn(database.session)).sort()).toEqual([...(start.extras ?? [])].sort());
        expect(withoutStatistics(await readRows(database.session))).toEqual({
          protection_flow_executions: [],
          ...withoutStatistics(mended(rows)),
        });
        expect(await verify(dataSource)).toMatchObject({ ok: true, verdict: 'proven' });
        const unplanned = await select(
          database.session,
          'SELECT id FROM protection_flows WHERE enabled = 1 AND schedule_id IS NOT NULL AND next_execution_time IS NULL ORDER BY id',
        );
        // After an earlier migrate, a scheduler may have planned the flows
        expect(asked).toEqual(before.history === null ? unplanned.map(({ id }) => id) : []);
        await start.after?.(database.session);

        expect(await adopt(dataSource)).toMatchObject({ ok: true, adopted: [], repairs: [], decisions: [] });
        expect(await migrate(dataSource)).toMatchObject({ ok: true, applied: [] });
        const names = await select(database.session, 'SELECT name FROM sendense_flow_migrations ORDER BY id');
        const expected = await select(
          reference.session,
          'SELECT name FROM sendense_flow_migrations ORDER BY id',
        );
        expect(names).toEqual(expected);
      } finally {
        await dataSource.destroy();
      }
    }

    it.each(mine)('%s', (_name, start) => expectAdopted(start));
  },
);
