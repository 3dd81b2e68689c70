import { installGuards, readGuards, removeGuards } from '../../src/engine/migrate';
import { select } from '../../src/engine/server/queryable';
import type { ProtectionFlowsDataSource } from '../../src/typeorm/guarded-data-source';
import { openDataSource, useDataSource } from '../support/data-source';
import { useDatabase } from '../support/database';
import { sessionKiller } from './kill-points/killers';
import { interceptStatements } from './kill-points/statements';

/**
 * Guards that after a connection died before or after any statement that can change something, the next installation or
 * removal finishes the interrupted one, or undoes it.
 */
describe('guards whose connection is killed', () => {
  const database = useDatabase();
  const dataSource = useDataSource(database);

  /** Runs on a connection that dies at this statement; returns the number of statements sent. */
  async function die(
    work: (dying: ProtectionFlowsDataSource) => Promise<unknown>,
    at: number,
    when: 'before' | 'after',
  ): Promise<number> {
    const dying = await openDataSource(database);
    const killer = sessionKiller(database.session);
    let sent = 0;
    interceptStatements(dying, async (_sql, execute, session) => {
      sent += 1;
      if (sent !== at) return execute();
      await killer.aim(session, when);
      if (when === 'before') await killer.strike(when);
      const answer = await execute();
      await killer.strike(when);
      return answer;
    });
    await work(dying).catch(() => undefined);
    await dying.destroy();
    return sent;
  }

  const shapes = async (): Promise<unknown> => [
    await select(database.session, 'SHOW CREATE TABLE protection_flow_executions'),
    (await readGuards(dataSource())).parts,
  ];

  it.each([
    ['installation', installGuards, removeGuards],
    ['removal', removeGuards, installGuards],
  ] as const)(
    'an interrupted %s is completed',
    async (_name, work, opposite) => {
      await work(dataSource());
      const whole = await shapes();
      await opposite(dataSource());
      const before = await shapes();
      let deaths = 0;
      for (const when of ['before', 'after'] as const) {
        for (let at = 1; (await die(work, at, when)) >= at; at += 1) {
          deaths += 1;
          // Alternate between finishing and undoing
          if (at % 2 === 0) expect(await work(dataSource())).toMatchObject({ ok: true });
          if (at % 2 === 0) expect(await shapes()).toEqual(whole);
          expect(await opposite(dataSource())).toMatchObject({ ok: true });
          expect(await shapes()).toEqual(before);
        }
        expect(await shapes()).toEqual(whole);
        await opposite(dataSource());
      }
      // At least one death before and one after each object was made, besides the lock
      expect(deaths).toBeGreaterThan(10);
    },
    600_000,
  );
});
