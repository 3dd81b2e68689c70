export { findNearName } from './near-name';
export {
  declareArguments,
  refuse,
  type Reader,
  type Readers,
  type ValueOf,
  type ValuesOf,
} from './read-arguments';
export {
  abortSignal,
  callback,
  choice,
  choices,
  count,
  date,
  flag,
  id,
  ids,
  idsUpTo,
  instantOf,
  jobId,
  jobIds,
  longText,
  name,
  nullable,
  optional,
  that,
  type CountRule,
} from './readers';
export { options, properties, readProperties, type PropertyValues } from './records';
export { countCharacters, isOneLine, isStorableText, isVisibleText, isWellFormed } from './text';
