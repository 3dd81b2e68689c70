import { declareArguments } from '../../arguments';
import { declaredSchema, migrationList } from '../../migrations';
import { readCatalog } from '../schema/catalog/read-catalog';
import { isGuarded } from '../steps/key-state';
import { named } from '../schema/shape';
import { guarded } from './arguments';
import type { ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
import { readHistory } from '../history/history';
import { whereOf, type MigrationStatus, type StatusResult } from './results';
import { withRunner } from '../session/with-runner';

const assertStatus = declareArguments('readStatus', { dataSource: guarded });

/** Reads what the history records and which declared keys are there. Changes nothing. */
export async function readStatus(dataSource: ProtectionFlowsDataSource): Promise<StatusResult> {
  assertStatus({ dataSource });
  return withRunner(dataSource, async (runner) => {
    const history = (await readHistory(runner)) ?? [];
    const known = migrationList.map(({ name, breaking }): MigrationStatus => {
      const entry = history.find((one) => one.name === name && !one.reverting);
      return { name, status: entry ? 'applied' : 'pending', appliedAt: entry?.appliedAt ?? null, breaking };
    });
    const unknown = history
      .filter(({ name }) => !named(migrationList, name))
      .map(({ name, appliedAt }): MigrationStatus => ({
        name,
        status: 'unknown',
        appliedAt,
        breaking: null,
      }));
    const declared = [...declaredSchema.values()];
    const parents = declared.flatMap((table) => table.foreignKeys.map((key) => key.parentTable));
    const live = await readCatalog(runner, dataSource.server, [
      ...new Set([...declaredSchema.keys(), ...parents]),
    ]);
    const keys = declared.flatMap((table) =>
      table.foreignKeys.map((key) => {
        const { name, parentTable } = key;
        const child = live.get(table.name);
        const present = child && named(child.foreignKeys, name) !== undefined && isGuarded(child, key);
        const waits = !live.has(parentTable) && !declaredSchema.has(parentTable);
        const absent = waits ? ('deferred' as const) : ('missing' as const);
        return { name, status: present ? ('present' as const) : absent };
      }),
    );
    const migrations = [...known, ...unknown];
    return {
      ok:
        migrations.every(({ status }) => status === 'applied') &&
        keys.every(({ status }) => status !== 'missing'),
      ...whereOf(dataSource),
      migrations,
      keys,
    };
  });
}
