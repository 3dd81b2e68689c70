/* eslint-disable @typescript-eslint/no-require-imports -- a command loads what it needs alone; import() would make ES modules' rules apply to the paths */

/** A function whose module is loaded when it is called. */
const lazily = <Call extends (...parameters: never[]) => unknown>(load: () => Call): Call =>
  ((...parameters) => load()(...parameters)) as Call;

/**
 * What the commands ask of the engine and of the data layer. Every error that comes out of it is a ProtectionFlowsError.
 * Each function loads its own part: a migrate with nothing to do is mostly loading.
 */
export const services = {
  openDatabase: lazily(() => (require('./open-database') as typeof import('./open-database')).openDatabase),
  openDataSource: lazily(
    () => (require('./prune-executions') as typeof import('./prune-executions')).openDataSource,
  ),
  migrate: lazily(
    () => (require('../engine/migrate/migrate') as typeof import('../engine/migrate/migrate')).migrate,
  ),
  planMigrate: lazily(
    () => (require('../engine/migrate/migrate') as typeof import('../engine/migrate/migrate')).planMigrate,
  ),
  runPreflight: lazily(
    () =>
      (require('../engine/migrate/preflight') as typeof import('../engine/migrate/preflight')).runPreflight,
  ),
  rollback: lazily(
    () => (require('../engine/migrate/rollback') as typeof import('../engine/migrate/rollback')).rollback,
  ),
  planRollback: lazily(
    () => (require('../engine/migrate/rollback') as typeof import('../engine/migrate/rollback')).planRollback,
  ),
  adopt: lazily(() => (require('../engine/adopt/adopt') as typeof import('../engine/adopt/adopt')).adopt),
  restoreOrphans: lazily(
    () =>
      (require('../engine/migrate/restore-orphans') as typeof import('../engine/migrate/restore-orphans'))
        .restoreOrphans,
  ),
  prune: lazily(() => (require('./prune-executions') as typeof import('./prune-executions')).pruneExecutions),
  installGuards: lazily(
    () => (require('../engine/migrate/guards') as typeof import('../engine/migrate/guards')).installGuards,
  ),
  removeGuards: lazily(
    () => (require('../engine/migrate/guards') as typeof import('../engine/migrate/guards')).removeGuards,
  ),
  readGuards: lazily(
    () => (require('../engine/migrate/guards') as typeof import('../engine/migrate/guards')).readGuards,
  ),
  readStatus: lazily(
    () => (require('../engine/migrate/status') as typeof import('../engine/migrate/status')).readStatus,
  ),
  verify: lazily(
    () => (require('../engine/verify/verify') as typeof import('../engine/verify/verify')).verify,
  ),
  demo: lazily(() => (require('./demo/demo') as typeof import('./demo/demo')).runDemo),
};

export type Services = typeof services;

/** A database as the commands have it open. */
export type OpenDatabase = Awaited<ReturnType<Services['openDatabase']>>;
