import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { DataSourceConnection } from '../typeorm/create-data-source';
import type { ProtectionFlowsDataSource } from '../engine/migrate';

/** What `ProtectionFlowsModule` may be told of the connection, and of its beginning and end. */
export interface ProtectionFlowsModuleOptions {
  /**
   * Where to connect to, as `createDataSource` takes it: settings, or `{ configFile, env, cwd }`. The module makes a
   * DataSource of its own for it. Default: none; with `dataSource` not given either, the module uses the shared
   * `dataSource` of `@sendense/protection-flows/data-source`, which looks at the environment and `ormconfig.json`.
   */
  readonly connection?: DataSourceConnection | undefined;
  /** A DataSource that there is already; it is connected unless it is. Default: none. Not beside `connection`. */
  readonly dataSource?: ProtectionFlowsDataSource | undefined;
  /**
   * Whether the DataSource is closed when the application shuts down. Default: true where the module connected it,
   * false for a `dataSource` that was given and for a shared one that was connected before. Of several modules on one
   * DataSource, the last closes it.
   */
  readonly destroyOnShutdown?: boolean | undefined;
  /**
   * Whether the schema is brought up to date at the start, by the guarded `runMigrations()`; the application does not
   * start where that fails. Default: what the configuration says, and there the default is false.
   */
  readonly migrationsRun?: boolean | undefined;
  /** How often a first connection that failed is tried again; 0 for never, at most 1,000. Default: 10. */
  readonly retryAttempts?: number | undefined;
  /**
   * The pause before the first of these attempts, in milliseconds, at most 600,000. Each further one is twice as long,
   * up to 10 seconds or this pause if it is longer. Default: 500, which together with the attempts is about a minute.
   */
  readonly retryDelayMs?: number | undefined;
}

/** What the module may be told beside its options. */
export interface ProtectionFlowsModuleExtras {
  /** Whether every module of the application may inject the providers without importing this one. Default: false. */
  readonly isGlobal?: boolean | undefined;
}

/** A class that `useClass` or `useExisting` of `forRootAsync` names. */
export interface ProtectionFlowsOptionsFactory {
  /** The module's options; asked for once, at the start. */
  createProtectionFlowsOptions(): ProtectionFlowsModuleOptions | Promise<ProtectionFlowsModuleOptions>;
}

/** What `forRootAsync` takes: exactly one of `useFactory`, `useClass` and `useExisting`; `imports` and `inject`. */
export type ProtectionFlowsModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  ProtectionFlowsModuleOptions,
  'createProtectionFlowsOptions'
> &
  ProtectionFlowsModuleExtras;

/** What holds for the first connection where the options are silent. */
export const retryDefaults = { retryAttempts: 10, retryDelayMs: 500 } as const;
