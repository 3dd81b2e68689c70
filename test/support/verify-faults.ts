import type { CheckResult } from '../../src/engine/verify';

/** The checks that something is wrong with. What is only noted of the server is no matter of the tables: a cluster's reads may lag. */
export const faultsOf = (checks: readonly CheckResult[]): CheckResult[] =>
  checks.filter(({ status }) => status !== 'pass' && status !== 'noted');
