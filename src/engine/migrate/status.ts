import { declareArguments } from '../../arguments';
import { declaredSchemaOf, ownTablesOf, tablesOf } from '../subject/subject';
import { withSession, type Database, guarded } from '../session/database';
import { readCatalog } from '../schema/catalog/read-catalog';
import { isGuarded } from '../steps/key-state';
import { named } from '../schema/shape';
import { findGuards } from '../guards/read-guards';
import { guardedTables } from '../subject/parts';
import { readHistory } from '../history/history';
import { whereOf, type KeyStatus, type MigrationStatus, type StatusResult } from './results';

const assertStatus = declareArguments('readStatus', { dataSource: guarded });

/** Reads what the history records and which declared keys are there. Changes nothing. */
export async function readStatus(dataSource: Database): Promise<StatusResult> {
  assertStatus({ dataSource });
  const { subject, server } = dataSource;
  return withSession(dataSource, async (session) => {
    const history = (await readHistory(session, ownTablesOf(subject).history)) ?? [];
    const known = subject.migrations.map(({ name, breaking }): MigrationStatus => {
      const entry = history.find((one) => one.name === name && !one.reverting);
      return { name, status: entry ? 'applied' : 'pending', appliedAt: entry?.appliedAt ?? null, breaking };
    });
    const unknown = history
      .filter(({ name }) => !named(subject.migrations, name))
      .map(({ name, appliedAt }): MigrationStatus => ({
        name,
        status: 'unknown',
        appliedAt,
        breaking: null,
      }));
    const declaredSchema = declaredSchemaOf(subject);
    const declared = [...declaredSchema.values()];
    const guardedToo = subject.guards === undefined ? [] : guardedTables(subject.guards);
    const live = await readCatalog(session, server, [...new Set([...tablesOf(subject), ...guardedToo])]);
    const keys = declared.flatMap((table) =>
      table.foreignKeys.map((key): KeyStatus => {
        const { name, parentTable, onDelete } = key;
        const child = live.get(table.name);
        const present = child && named(child.foreignKeys, name) !== undefined && isGuarded(child, key);
        const waits = !live.has(parentTable) && !declaredSchema.has(parentTable);
        const absent = waits ? 'deferred' : 'missing';
        return {
          name,
          status: present ? 'present' : absent,
          table: table.name,
          column: key.columns[0],
          parentTable,
          parentColumn: key.parentColumns[0],
          onDelete,
        };
      }),
    );
    const migrations = [...known, ...unknown];
    const guards = (await findGuards(dataSource, session, live))?.state ?? 'absent';
    return {
      ok:
        migrations.every(({ status }) => status === 'applied') &&
        keys.every(({ status }) => status !== 'missing'),
      ...whereOf(dataSource),
      migrations,
      keys,
      guards,
    };
  });
}
