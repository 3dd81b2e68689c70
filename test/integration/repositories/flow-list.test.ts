import { createRepositories, type FlowFilter, type FlowPage, type FlowSort } from '../../../src/repositories';
import { createPlatformTables, createVm, type PlatformPresetName } from '../../../src/testing';
import { openDataSource } from '../../support/data-source';
import { useDatabase } from '../../support/database';
import { migrate } from '../../../src/engine/migrate';
import { useDataLayer } from './data-layer';

// Guards that the web page shows each flow once, and does not fail with errno 1267 on a real database.
describe('the list of flows', () => {
  const layer = useDataLayer();
  const names: string[] = [];

  beforeAll(async () => {
    const { flows } = layer.repositories;
    for (let at = 0; at < 25; at += 1) {
      const backup = at % 5 === 0;
      const flow = backup ? await layer.newBackupFlow() : layer.newFlow();
      const schedule_id = at % 2 === 0 ? layer.platform.schedules[0] : null;
      const target = at === 7 ? { target_type: 'group' as const, target_id: layer.platform.group } : {};
      const created = await flows.create({
        ...flow,
        ...target,
        name: `F${at}`,
        schedule_id,
        enabled: at % 3 > 0,
      });
      names.push(created.name);
      // Three to a second, so that pages end between flows of the same second
      await layer.database.session.query('UPDATE protection_flows SET created_at = ? WHERE id = ?', [
        new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(at / 3))),
        created.id,
      ]);
    }
  });

  async function walk(filter: FlowFilter, limit: number, order: FlowPage = {}): Promise<string[]> {
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: { items: { name: string }[]; next: string | null } = await layer.repositories.flows.list(
        filter,
        { ...order, limit, after },
      );
      expect(page.items.length).toBeLessThanOrEqual(limit);
      found.push(...page.items.map((flow) => flow.name));
      after = page.next;
    } while (after !== null);
    return found;
  }

  it.each([1, 2, 7, 25, 100])('is the same, newest first, in pages of %i', async (limit) => {
    expect(await walk({}, limit)).toEqual([...names].reverse());
  });

  it.each<[string, () => FlowFilter, (at: number) => boolean]>([
    ['flow_type', () => ({ flow_type: 'backup' }), (at) => at % 5 === 0],
    ['target_type', () => ({ target_type: 'group' }), (at) => at === 7],
    ['enabled', () => ({ enabled: false }), (at) => at % 3 === 0],
    ['schedule_id', () => ({ schedule_id: layer.platform.schedules[0] }), (at) => at % 2 === 0],
    ['schedule_id null', () => ({ schedule_id: null }), (at) => at % 2 === 1],
    ['a target', () => ({ target_type: 'group', target_id: layer.platform.group }), (at) => at === 7],
    ['a target by its id alone', () => ({ target_id: layer.platform.group }), (at) => at === 7],
    [
      'several columns at once',
      () => ({ flow_type: 'replication', enabled: true, schedule_id: layer.platform.schedules[0] }),
      (at) => at % 5 > 0 && at % 3 > 0 && at % 2 === 0,
    ],
    ['a part of the name', () => ({ nameContains: 'f2' }), (at) => at === 2 || at >= 20],
    ['the last status', () => ({ last_execution_status: 'pending' }), () => true],
    ['a last status that no flow has', () => ({ last_execution_status: 'warning' }), () => false],
    ['an unknown repository', () => ({ repository_id: 'none' }), () => false],
  ])('is filtered by %s', async (_title, filter, holds) => {
    const expected = names.filter((_, at) => holds(at)).reverse();
    expect(await walk(filter(), 3)).toEqual(expected);
    const { total } = await layer.repositories.flows.list(filter(), { limit: 1, total: true });
    expect(total).toBe(expected.length);
  });

  // Names sort in another order than creation. Several flows share a time; flows without a time come last in both directions
  describe.each<[FlowSort, (at: number) => string | number | null, FlowPage['order']?]>([
    ['name', (at) => `F${at}`],
    ['last_execution_time', (at) => (at % 4 === 0 ? null : at % 5), 'desc'],
    ['next_execution_time', (at) => (at % 3 === 0 ? null : at % 2)],
  ])('ordered by %s', (sort, keyOf, otherwise = 'asc') => {
    beforeAll(async () => {
      if (sort === 'name') return;
      for (const [at, name] of names.entries()) {
        const key = keyOf(at);
        const time = key === null ? null : new Date(Date.UTC(2026, 1, 1, Number(key)));
        const sql = `UPDATE protection_flows SET ${sort} = ? WHERE name = ?`;
        await layer.database.session.query(sql, [time, name]);
      }
    });
    const expected = (order: FlowPage['order'], holds: (at: number) => boolean): string[] => {
      const sign = order === 'desc' ? -1 : 1;
      const rows = names.map((name, at) => ({ name, at, key: keyOf(at) })).filter(({ at }) => holds(at));
      const compare = (one: string | number, other: string | number): number =>
        one < other ? -1 : one > other ? 1 : 0;
      return rows
        .sort(
          (one, other) =>
            Number(one.key === null) - Number(other.key === null) ||
            sign * (compare(one.key ?? 0, other.key ?? 0) || one.at - other.at),
        )
        .map(({ name }) => name);
    };

    it.each(['asc', 'desc', undefined] as const)('%s is the same in pages of any size', async (order) => {
      for (const limit of [1, 4, 100])
        expect(await walk({}, limit, { sort, order })).toEqual(expected(order ?? otherwise, () => true));
    });

    it('works together with filters', async () => {
      const on = (at: number): boolean => at % 3 > 0;
      const page = { sort, order: 'desc' as const };
      expect(await walk({ enabled: true }, 3, page)).toEqual(expected('desc', on));
      const schedule_id = layer.platform.schedules[0];
      const scheduled = expected('desc', (at) => on(at) && at % 2 === 0);
      expect(await walk({ enabled: true, schedule_id }, 3, page)).toEqual(scheduled);
    });
  });

  it.each<[string, FlowFilter, FlowPage]>([
    ['without its filter', {}, {}],
    ['of another filter', { enabled: true }, {}],
    ['of another value of the filter', { enabled: false, nameContains: 'g' }, {}],
    ['in another order', { enabled: false, nameContains: 'f' }, { sort: 'name' }],
    ['in the other direction', { enabled: false, nameContains: 'f' }, { order: 'asc' }],
  ])('refuses a cursor %s', async (_title, filter, page) => {
    const { flows, executions } = layer.repositories;
    const right: FlowFilter = { enabled: false, nameContains: 'f' };
    const { next } = await flows.list(right, { limit: 1 });
    expect((await flows.list(right, { limit: 2, after: next, total: true })).items).toHaveLength(2);
    const refusal = { code: 'VALIDATION_FAILED', details: { fields: [{ field: 'after' }] } };
    await expect(flows.list(filter, { ...page, after: next })).rejects.toMatchObject(refusal);
    await expect(executions.list({}, { after: next })).rejects.toMatchObject(refusal);
  });

  it('finds a part of a name literally, in any case', async () => {
    const { flows } = layer.repositories;
    const odd = ['100% of it', 'a_b!c', 'back\\slash', "quote's", 'Größe 😀'];
    const ids: string[] = [];
    for (const name of odd) ids.push((await flows.create(layer.newFlow({ name }))).id);
    const found = async (nameContains: string): Promise<string[]> =>
      (await flows.list({ nameContains })).items.map((flow) => flow.name);
    expect(await found('0%')).toEqual(['100% of it']);
    expect(await found('%')).toEqual(['100% of it']);
    expect(await found('_')).toEqual(['a_b!c']);
    expect(await found('!C')).toEqual(['a_b!c']);
    expect(await found('K\\S')).toEqual(['back\\slash']);
    expect(await found('\\')).toEqual(['back\\slash']);
    expect(await found("e'S")).toEqual(["quote's"]);
    expect(await found('größe 😀')).toEqual(['Größe 😀']);
    expect(await found('ABC')).toEqual([]);
    await flows.deleteMany(ids);
  });

  it('lists no flow twice when flows are created between two pages', async () => {
    const { flows } = layer.repositories;
    const first = await flows.list({}, { limit: 10 });
    const { id } = await flows.create(layer.newFlow());
    const second = await flows.list({}, { limit: 100, after: first.next ?? '' });
    await flows.delete(id);
    expect([...first.items, ...second.items].map((flow) => flow.name)).toEqual([...names].reverse());
  });

  it('is unchanged after somebody dropped its index', async () => {
    await layer.database.session.query('DROP INDEX idx_flows_created ON protection_flows');
    expect(await walk({}, 10)).toEqual([...names].reverse());
    await layer.database.session.query('CREATE INDEX idx_flows_created ON protection_flows (created_at)');
  });

  it.each<[string, FlowFilter, object, string[]]>([
    ['an unknown filter', { colour: 'red' } as FlowFilter, {}, ['colour']],
    [
      'a wrong value',
      { flow_type: 'copy' as 'backup', enabled: 'yes' as unknown as boolean },
      {},
      ['flow_type', 'enabled'],
    ],
    ['a limit of 0', {}, { limit: 0 }, ['limit']],
    ['a limit of 501', {}, { limit: 501 }, ['limit']],
    ['an invalid cursor', {}, { after: 'x' }, ['after']],
    ['an unknown order', {}, { sort: 'created_by', order: 'up' }, ['sort', 'order']],
    [
      'an empty part of a name, and null',
      { nameContains: '', last_execution_status: null as never },
      {},
      ['last_execution_status', 'nameContains'],
    ],
  ])('refuses %s', async (_title, filter, page, fields) => {
    await expect(layer.repositories.flows.list(filter, page)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { fields: fields.map((field) => ({ field })) },
    });
  });
});

describe.each<PlatformPresetName>(['general_ci', 'mixed', 'latin1'])(
  'on a %s database, the list',
  (platform) => {
    const layer = useDataLayer({ platform });

    it('shows the names of all referenced rows', async () => {
      const { flows } = layer.repositories;
      const [repository_id] = layer.platform.repositories;
      const [schedule_id] = layer.platform.schedules;
      const all = { repository_id, schedule_id, policy_id: layer.platform.policy };
      await flows.create(await layer.newBackupFlow({ ...all, target_id: layer.platform.vms[1] }));
      await flows.create(
        await layer.newBackupFlow({ ...all, target_type: 'group', target_id: layer.platform.group }),
      );
      const { items } = await flows.list();
      expect(items.map((flow) => flow.target_name)).toEqual([
        expect.stringMatching(/^Web servers/),
        expect.stringMatching(/^web-/),
      ]);
      for (const flow of items)
        expect(flow).toMatchObject({
          repository_name: expect.any(String),
          policy_name: expect.any(String),
          schedule_name: expect.any(String),
          schedule_cron: '0 2 * * *',
        });
    });
  },
);

describe('before the platform has its tables, the list', () => {
  const database = useDatabase({ platform: 'none' });

  it('shows no names, and shows them once the tables exist', async () => {
    const dataSource = await openDataSource(database);
    await migrate(dataSource);
    const { flows } = createRepositories(dataSource);
    const flow = {
      name: 'Early',
      flow_type: 'replication',
      destination_type: 'ossea',
      target_type: 'vm',
      target_id: 'ctx-1',
      schedule_id: 'not there yet',
    } as const;
    await flows.create(flow);
    expect((await flows.list()).items).toMatchObject([
      { name: 'Early', target_name: null, schedule_name: null },
    ]);
    await dataSource.destroy();

    await createPlatformTables(database.session, 'mixed');
    await createVm(database.session, { context_id: 'ctx-1', vm_name: 'web-1' });
    const later = await openDataSource(database);
    expect((await createRepositories(later).flows.list()).items).toMatchObject([{ target_name: 'web-1' }]);
    // A table that is dropped while its names are used
    await database.session.query('SET foreign_key_checks = 0');
    await database.session.query('DROP TABLE vm_replication_contexts');
    expect((await createRepositories(later).flows.list()).items).toMatchObject([{ target_name: null }]);
    await later.destroy();
  });
});
