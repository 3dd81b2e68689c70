export { adoptText } from './adopt-text';
export { migrateText } from './migrate-text';
export { planText } from './plan-text';
export { preflightText } from './preflight-text';
export { pruneText } from './prune-text';
export { restoreOrphansText } from './restore-orphans-text';
export { rollbackPlanText, rollbackText } from './rollback-text';
export { statusText } from './status-text';
export { verifyText } from './verify-text';
