/* eslint-disable @typescript-eslint/no-require-imports -- a command loads only what it needs; import() would make ES modules' rules apply to the paths */

/** A function whose module is loaded at its first call. */
const lazily = <Call extends (...parameters: never[]) => unknown>(load: () => Call): Call =>
  ((...parameters) => load()(...parameters)) as Call;

const migrating = () => require('../engine/migrate') as typeof import('../engine/migrate');
const guarding = () =>
  require('../engine/guards/change-guards') as typeof import('../engine/guards/change-guards');
const fitting = () =>
  require('../engine/verify/check-schema') as typeof import('../engine/verify/check-schema');
const waiting = () =>
  require('../engine/verify/wait-for-schema') as typeof import('../engine/verify/wait-for-schema');
const retaining = () => require('./retention') as typeof import('./retention');
const drawing = () => require('./output/page/pages') as typeof import('./output/page/pages');

/**
 * The functions of the engine, the data layer and the pages that the commands call. Each loads its own part: loading is
 * most of the time of a migrate with nothing to do.
 */
export const services = {
  openDatabase: lazily(() => (require('./open-database') as typeof import('./open-database')).openDatabase),
  openDataSource: lazily(() => retaining().openDataSource),
  migrate: lazily(() => migrating().migrate),
  planMigrate: lazily(() => migrating().planMigrate),
  keepPlan: lazily(() => migrating().keepPlan),
  runPreflight: lazily(() => migrating().runPreflight),
  rollback: lazily(() => migrating().rollback),
  planRollback: lazily(() => migrating().planRollback),
  adopt: lazily(() => (require('../engine/adopt') as typeof import('../engine/adopt')).adopt),
  restoreOrphans: lazily(() => migrating().restoreOrphans),
  prune: lazily(() => retaining().pruneExecutions),
  installGuards: lazily(() => guarding().installGuards),
  removeGuards: lazily(() => guarding().removeGuards),
  readGuards: lazily(() => guarding().readGuards),
  recount: lazily(() => retaining().recountFlows),
  audit: lazily(() => (require('./audit-flows') as typeof import('./audit-flows')).auditFlows),
  readStatus: lazily(() => migrating().readStatus),
  checkSchema: lazily(() => fitting().checkSchema),
  waitForSchema: lazily(() => waiting().waitForSchema),
  verify: lazily(() => (require('../engine/verify') as typeof import('../engine/verify')).verify),
  statusPage: lazily(() => drawing().statusPage),
  verifyPage: lazily(() => drawing().verifyPage),
  demo: lazily(() => (require('./demo/demo') as typeof import('./demo/demo')).runDemo),
};

export type Services = typeof services;

/** An open database, as most commands use it. */
export type OpenDatabase = Awaited<ReturnType<Services['openDatabase']>>;
