import { index } from '../engine/schema/declare';
import { altering, columnSql, type Statement } from '../engine/schema/ddl';
import { historyId } from '../engine/history/history';
import { historyTable } from './this-package';
import type { Column, Schema } from '../engine/schema/shape';
import type { Step } from '../engine/steps/step';
import { liveColumn, sameColumn } from '../engine/steps/columns';
import { dropIndex } from '../engine/steps/indexes';
import { StepMigration } from './step-migration';

const flows = 'protection_flows';

/** Returns the statement that changes the history's id from one type to the other; none if it has not the first type. */
function changeId(live: Schema, from: Column, to: Column): Statement[] {
  const found = liveColumn(live, historyTable, to.name);
  return found !== undefined && sameColumn(found, from)
    ? [altering(historyTable, '', `MODIFY ${columnSql(to, null)}`)]
    : [];
}

/** The history is not part of the declared schema: it exists in its newest form before the first migration. */
const dropSignOfHistoryId: Step = {
  title: `drop the sign of ${historyTable}.id`,
  tables: [historyTable],
  declare: (schema) => schema,
  plan: (live) => changeId(live, historyId.signed, historyId.unsigned),
  undo: (live) => changeId(live, historyId.unsigned, historyId.signed),
};

/**
 * Drops four indexes that are prefixes of other indexes: they cost writes and serve no read. Makes the history's ids
 * unsigned: none is negative. Database linters (pt-duplicate-key-checker, skeema) report both.
 *
 * Not breaking: no release of this package names these indexes in a hint, and a foreign key uses any index that begins
 * with its column.
 */
export class DropRedundantIndexes1795305604000 extends StepMigration {
  readonly name = 'DropRedundantIndexes1795305604000';
  readonly breaking = false;
  readonly steps = [
    dropIndex(flows, index('idx_flow_type', 'flow_type'), {
      coveredBy: index('idx_flows_type_created', 'flow_type', 'created_at'),
    }),
    dropIndex(flows, index('idx_target', 'target_type', 'target_id'), {
      coveredBy: index('idx_flows_target_created', 'target_type', 'target_id', 'created_at'),
    }),
    dropIndex(flows, index('idx_enabled', 'enabled'), {
      coveredBy: index('idx_flows_enabled_created', 'enabled', 'created_at'),
    }),
    dropIndex(flows, index('idx_schedule', 'schedule_id'), {
      coveredBy: index('idx_flows_schedule_created', 'schedule_id', 'created_at'),
    }),
    dropSignOfHistoryId,
  ];
}
