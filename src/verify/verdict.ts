import { missingTables, type VerifyContext } from './context';
import type { CheckResult, Verdict } from './report';

/**
 * The first verdict that fits, in the order of `verdicts`. Pure.
 */
export function verdictOf(context: VerifyContext, checks: readonly CheckResult[]): Verdict {
  const { history, known, declared } = context;
  const recorded = (history.entries ?? []).map((entry) => entry.name);
  const missing = missingTables(context);
  if (recorded.some((name) => !known.includes(name))) return 'ahead';
  if (recorded.length === 0) return missing.length === declared.size ? 'never-ran' : 'present-but-unrecorded';
  if (missing.length > 0) return 'recorded-but-absent';
  if (known.some((name) => !recorded.includes(name)) || history.entries?.some((entry) => entry.reverting))
    return 'half-applied';
  if (checks.some((check) => check.status === 'fail')) return 'drifted';
  return checks.some((check) => check.status === 'skip') ? 'unproven' : 'proven';
}
