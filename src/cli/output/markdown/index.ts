export { findingsMarkdown, preflightMarkdown } from './findings-markdown';
export { migrateMarkdown, planMarkdown, statusMarkdown } from './migrate-markdown';
export { verifyMarkdown } from './verify-markdown';
