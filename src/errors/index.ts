export { errorCodes, type ErrorCode, type ErrorCodeInfo, type ErrorStage } from './codes';
export type { ErrorDetails, FieldFault } from './details';
export { httpStatuses, httpStatusOf } from './http-status';
export { loaded, neededPackages, packageMissing } from './package-missing';
export {
  argumentsRefused,
  isProtectionFlowsError,
  ProtectionFlowsError,
  validationFailed,
  type ErrorParts,
  type ErrorReport,
} from './protection-flows-error';
export { fromServerError, translated, type RowErrors } from './server-errors';
export { statementTooLarge } from './server/connection-errors';
export {
  isLostToAnother,
  nameParts,
  restrictingKey,
  withoutValues,
  type Failure,
  type Mapping,
  type RestrictingKey,
} from './server/driver-error';
