import type { CheckResult } from '../../src/engine/verify';

/** Returns the checks that found a fault. A note concerns the server, not the tables: a cluster's reads may be late. */
export const faultsOf = (checks: readonly CheckResult[]): CheckResult[] =>
  checks.filter(({ status }) => status !== 'pass' && status !== 'noted');
