export { adopt, type AdoptOptions } from './adopt';
export type { AdoptKey, AdoptRepair, AdoptResult, Decision } from './results';
