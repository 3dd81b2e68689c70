export { errorCodes, type ErrorCode, type ErrorCodeInfo, type ErrorStage } from './codes';
export type { ErrorDetails, FieldFault } from './details';
export {
  argumentsRefused,
  isProtectionFlowsError,
  ProtectionFlowsError,
  validationFailed,
  type ErrorParts,
  type ErrorReport,
} from './protection-flows-error';
export { fromServerError, translated } from './server-errors';
export { statementTooLarge } from './server/connection-errors';
export { isLostToAnother, restrictingKey, withoutValues, type RestrictingKey } from './server/driver-error';
