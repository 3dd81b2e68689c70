import type { Facts } from './facts';
import { type Finding, type Rule } from './finding';
import { obstacleRule } from './key-findings';
import type { PlannedStatement } from './plan';
import { connectionRefused } from './rules/connection-refused';
import { constraintNameTaken } from './rules/constraint-name-taken';
import { engineNotInnodb } from './rules/engine-not-innodb';
import { fkCollationMismatch } from './rules/fk-collation-mismatch';
import { fkOrphanRows } from './rules/fk-orphan-rows';
import { fkParentMissing } from './rules/fk-parent-missing';
import { fkTypeMismatch } from './rules/fk-type-mismatch';
import { historyOutOfOrder } from './rules/history-out-of-order';
import { historyUnknown } from './rules/history-unknown';
import { privilegeMissing } from './rules/privilege-missing';
import { schemaHalfApplied } from './rules/schema-half-applied';
import { schemaHandMade } from './rules/schema-hand-made';
import { serverReadOnly } from './rules/server-read-only';
import { tableCopyRefused } from './rules/table-copy-refused';

/** Every rule, in the order of the report. */
const rules: readonly Rule[] = [
  connectionRefused,
  serverReadOnly,
  privilegeMissing,
  historyUnknown,
  historyOutOfOrder,
  schemaHalfApplied,
  schemaHandMade,
  constraintNameTaken,
  engineNotInnodb,
  // One end of a key is partitioned: InnoDB has no foreign keys there
  obstacleRule('FK_TABLE_PARTITIONED'),
  fkTypeMismatch,
  // The parent's column has no unique index of its own over its whole length
  obstacleRule('FK_PARENT_NOT_INDEXED'),
  fkOrphanRows,
  fkCollationMismatch,
  tableCopyRefused,
  fkParentMissing,
];

/** Everything that stands in the way of a migrate, or that it will put right or put off, found before any DDL. */
export function preflight(facts: Facts): Finding[] {
  return rules.flatMap((rule) => rule(facts));
}

/** The statements of a plan, as they are printed. */
export function plannedStatements({ plan, sizes }: Facts): PlannedStatement[] {
  return plan.statements.map(({ migration, step, sql, ...statement }) => {
    const [table = ''] = step.tables;
    const size = statement.copies ? sizes.get(table) : undefined;
    return { migration, step: step.title, sql, copies: size ? { table, ...size } : null };
  });
}

export {
  readFacts,
  type Facts,
  type HistoryFact,
  type LockFact,
  type OwnFacts,
  type KeyFact,
  type KnownMigration,
  type Wishes,
} from './facts';
export type { RaisedQuestion } from './raised-questions';
export { isInTheWay, type Finding, type FindingEffect } from './finding';
export type { PlannedStatement } from './plan';
