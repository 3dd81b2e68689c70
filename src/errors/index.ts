export { errorCodes, type ErrorCode, type ErrorCodeInfo, type ErrorStage } from './codes';
export type { ErrorDetails, FieldFault } from './details';
export {
  ProtectionFlowsError,
  isProtectionFlowsError,
  type ErrorParts,
  type ErrorReport,
} from './protection-flows-error';
export { statementTooLarge } from './server/statement-too-large';
export { withoutValues } from './server/without-values';
export { restrictingKey, type RestrictingKey } from './server/restricting-key';
export { isLostToAnother } from './server/lost-to-another';
export { fromServerError } from './server-errors';
export { validationFailed } from './validation-failed';
