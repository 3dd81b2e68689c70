export { adopt, type AdoptOptions } from './adopt';
export type { Answers } from './questions';
export type { AdoptKey, AdoptQuestion, AdoptRepair, AdoptResult, Decision } from './results';
