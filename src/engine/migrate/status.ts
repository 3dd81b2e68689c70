import { declareArguments } from '../../arguments';
import { declaredSchemaOf, ownTablesOf, tablesOf } from '../subject/subject';
import { withSession, type Database, guarded } from '../session/database';
import { readCatalog } from '../schema/catalog/read-catalog';
import { isGuarded } from '../steps/key-state';
import { keysIn, named } from '../schema/shape';
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
    const unknown = history.filter(({ name }) => !named(subject.migrations, name));
    const declared = declaredSchemaOf(subject);
    const guardedToo = subject.guards === undefined ? [] : guardedTables(subject.guards);
    const live = await readCatalog(session, server, [...new Set([...tablesOf(subject), ...guardedToo])]);
    const keys = keysIn(declared).map(({ table, key }): KeyStatus => {
      const { name, parentTable, onDelete } = key;
      const child = live.get(table.name);
      const present = child && named(child.foreignKeys, name) !== undefined && isGuarded(child, key);
      const absent = live.has(parentTable) || declared.has(parentTable) ? 'missing' : 'deferred';
      return {
        name,
        status: present ? 'present' : absent,
        table: table.name,
        column: key.columns[0],
        parentTable,
        parentColumn: key.parentColumns[0],
        onDelete,
      };
    });
    const migrations = [
      ...known,
      ...unknown.map(
        ({ name, appliedAt }) => ({ name, status: 'unknown', appliedAt, breaking: null }) as const,
      ),
    ];
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
