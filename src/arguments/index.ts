export { findNearName } from './near-name';
export { declareArguments, refuse, type Reader, type Readers, type ValuesOf } from './read-arguments';
export {
  abortSignal,
  callback,
  choice,
  count,
  date,
  flag,
  id,
  ids,
  instantOf,
  jobId,
  jobIds,
  name,
  nullable,
  optional,
  that,
  type CountRule,
} from './readers';
export { options, readProperties, type PropertyValues } from './records';
export { countCharacters, isOneLine, isStorableText, isVisibleText, isWellFormed } from './text';
