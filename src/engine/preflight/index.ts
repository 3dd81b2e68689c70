import type { ErrorCode } from '../../errors';
import type { Facts, PlannedStatement } from './facts';
import { findingOf, type Finding, type Rule } from './finding';
import { historyOutOfOrder, historyUnknown } from './rules/history';
import { keyObstacles } from './rules/key-obstacles';
import {
  constraintNameTaken,
  fkCollationMismatch,
  fkOrphanRows,
  fkParentMissing,
  virtualParent,
} from './rules/keys';
import { privilegeMissing } from './rules/privilege-missing';
import { connectionRefused, engineForced, serverReadOnly } from './rules/server';
import { schemaHalfApplied, schemaHandMade, tableCopyRefused } from './rules/tables';

/** Every rule with the code of its findings, in the order of the report. */
export const rules: readonly (readonly [ErrorCode, Rule])[] = [
  ['CONNECTION_REFUSED', connectionRefused],
  ['SERVER_READ_ONLY', serverReadOnly],
  ['PRIVILEGE_MISSING', privilegeMissing],
  ['HISTORY_UNKNOWN', historyUnknown],
  ['HISTORY_OUT_OF_ORDER', historyOutOfOrder],
  ['SCHEMA_HALF_APPLIED', schemaHalfApplied],
  ['SCHEMA_HAND_MADE', schemaHandMade],
  ['CONSTRAINT_NAME_TAKEN', constraintNameTaken],
  ['ENGINE_NOT_INNODB', engineForced],
  // One end of a key is a view, or a table of an engine without foreign keys
  ['ENGINE_NOT_INNODB', keyObstacles],
  // One end of a key is partitioned: InnoDB has no foreign keys there
  ['FK_TABLE_PARTITIONED', keyObstacles],
  // The two columns of a key have types that no collation brings together, or one of them is not there
  ['FK_TYPE_MISMATCH', keyObstacles],
  ['FK_TYPE_MISMATCH', virtualParent],
  // The parent's column has no unique index of its own over its whole length
  ['FK_PARENT_NOT_INDEXED', keyObstacles],
  ['FK_ORPHAN_ROWS', fkOrphanRows],
  ['FK_COLLATION_MISMATCH', fkCollationMismatch],
  ['TABLE_COPY_REFUSED', tableCopyRefused],
  ['FK_PARENT_MISSING', fkParentMissing],
];

/** Finds, before any DDL, everything that stops a migrate, and everything that it will repair or defer. */
export function preflight(facts: Facts): Finding[] {
  return rules.flatMap(([code, rule]) => rule(facts, code).map((found) => findingOf(code, found)));
}

/** The statements of a plan, as they are printed. */
export function plannedStatements({ plan, sizes }: Facts): PlannedStatement[] {
  return plan.statements.map(({ migration, step, sql, ...statement }) => {
    const [table = ''] = step.tables;
    const size = statement.copies ? sizes.get(table) : undefined;
    return { migration, step: step.title, sql, copies: size ? { table, ...size } : null };
  });
}

export { readFacts } from './read-facts';
export type { Facts, HistoryFact, LockFact, OwnFacts, KeyFact, PlannedStatement, Wishes } from './facts';
export { findingOf, isInTheWay, type Finding, type FindingEffect } from './finding';
