import { choice, count, declareArguments, optional, options as optionsOf, readBy } from '../../arguments';
import { declaredSchemaOf } from '../subject/subject';
import { type Database, guarded } from '../session/database';
import { keysIn } from '../schema/shape';
import { oldSources } from '../orphans/old-quarantine';
import { quarantineSources } from '../orphans/quarantine-table';
import { restoreRows, type LeftRows } from '../orphans/restore-rows';
import { withRowSettings } from '../server/row-transaction';
import { whereOf, type Where } from '../server/server';
import { sessionReaders, withMigrationSession, type SessionOptions } from '../session/migration-session';

export type { LeftReason } from '../orphans/restore-rows';
export type { LeftRows };

/** Options of {@link restoreOrphans}. */
export interface RestoreOrphansOptions extends SessionOptions {
  /** Only rows that were quarantined for this foreign key. Default: all. */
  readonly key?: string | undefined;
  /** The most rows that one transaction restores. Default: 500. */
  readonly batchRows?: number | undefined;
}

/** The names of the subject's keys; none where `given` is no database, which its own reader refuses. */
function keyNames(given: Database): string[] {
  if (readBy(guarded, given, '', []) === undefined) return [];
  return keysIn(declaredSchemaOf(given.subject)).map(({ key }) => key.name);
}

function assertRestore(given: { dataSource: Database; options: RestoreOrphansOptions }): void {
  declareArguments('restoreOrphans', {
    dataSource: guarded,
    options: optionsOf({
      ...sessionReaders,
      key: optional(choice(keyNames(given.dataSource))),
      batchRows: optional(count({ min: 1, max: 100_000 })),
    }),
  })(given);
}

/** What a restore did, as `restore-orphans --json` prints it. */
export interface RestoreOrphansResult extends Where {
  /** True when none of the requested rows is left in quarantine, also if there were none. */
  readonly ok: boolean;
  /** The number of restored rows, by table; `database.table` for another database. */
  readonly restored: Readonly<Record<string, number>>;
  /** The rows that could not be restored, by table, key and reason. */
  readonly left: readonly LeftRows[];
}

/**
 * Restores the rows that `migrate` with `orphans: 'quarantine'` has quarantined, under the same lock as migrate. Foreign keys
 * are checked: a row whose parent is still missing, or whose id is taken, stays in quarantine and is reported. Each batch is
 * one transaction, so the run can be stopped anywhere, and a rerun does what is left.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST, PRIVILEGE_MISSING
 */
export async function restoreOrphans(
  dataSource: Database,
  options: RestoreOrphansOptions = {},
): Promise<RestoreOrphansResult> {
  assertRestore({ dataSource, options });
  const { key, batchRows } = options;
  const wishes = { discardRows: false, copyLimitRows: 0 };
  const { restored, left } = await withMigrationSession(dataSource, options, wishes, ({ context: own }) =>
    withRowSettings(own.session, async () => {
      const context = { ...own, key, batchRows };
      return restoreRows(context, [...(await quarantineSources(context)), ...(await oldSources(context))]);
    }),
  );
  return { ok: left.length === 0, ...whereOf(dataSource), restored, left };
}
