export {
  checkIds,
  verdicts,
  type CheckId,
  type CheckResult,
  type CheckStatus,
  type Evidence,
  type Verdict,
  type VerifyReport,
} from './report';
export { verify, type VerifyOptions } from './verify';
