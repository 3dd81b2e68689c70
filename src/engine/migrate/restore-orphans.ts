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
  /** Only the rows that were set aside for that foreign key. Default: all. */
  readonly key?: string | undefined;
  /** How many rows one transaction puts back, at most. Default: 500. */
  readonly batchRows?: number | undefined;
}

/** The names of the subject's keys; none where the caller gave no database, which is refused by its own name. */
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
  /** True when nothing that was asked for is left in quarantine; also where nothing was. */
  readonly ok: boolean;
  /** How many rows were put back, by table; `database.table` where that is another database. */
  readonly restored: Readonly<Record<string, number>>;
  /** The rows that could not be put back, by table, key and reason. */
  readonly left: readonly LeftRows[];
}

/**
 * Puts the rows back that `migrate` with `orphans: 'quarantine'` set aside, under the same lock as migrate. Foreign keys
 * are checked: a row whose parent is still missing, or whose id is taken, stays in quarantine and is reported. Each batch
 * is one transaction, so it can be stopped anywhere, and a rerun goes on.
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
