import type { Facts } from './facts';
import type { Finding } from './finding';
import type { Rule } from './rule';
import { fkCollationMismatch } from './rules/fk-collation-mismatch';
import { fkOrphanRows } from './rules/fk-orphan-rows';
import { fkParentMissing } from './rules/fk-parent-missing';
import { historyOutOfOrder } from './rules/history-out-of-order';
import { historyUnknown } from './rules/history-unknown';
import { keyObstacle } from './rules/key-obstacle';
import { schemaHalfApplied } from './rules/schema-half-applied';
import { schemaHandMade } from './rules/schema-hand-made';

/** Every rule, in the order of the report. */
const rules: readonly Rule[] = [
  historyUnknown,
  historyOutOfOrder,
  schemaHalfApplied,
  schemaHandMade,
  keyObstacle,
  fkOrphanRows,
  fkCollationMismatch,
  fkParentMissing,
];

/** Everything that stands in the way of a migrate, or that it will put right or put off, found before any DDL. */
export function preflight(facts: Facts): Finding[] {
  return rules.flatMap((rule) => rule(facts));
}

export { readFacts, type Facts, type KeyFact, type KnownMigration } from './facts';
export type { Finding, FindingEffect } from './finding';
export type { PlannedStatement } from './plan';
