export { adoptMarkdown } from './adopt-markdown';
export { findingsMarkdown, preflightMarkdown } from './findings-markdown';
export { migrateMarkdown, planMarkdown, statusMarkdown } from './migrate-markdown';
export { rollbackMarkdown, rollbackPlanMarkdown } from './rollback-markdown';
export { pruneMarkdown, restoreOrphansMarkdown } from './rows-markdown';
export { verifyMarkdown } from './verify-markdown';
