import {
  ConfigurableModuleBuilder,
  Module,
  type DynamicModule,
  type Provider,
  type Type,
} from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import {
  DueFlowRepository,
  ExecutionRepository,
  FlowRepository,
  RetentionRepository,
  TargetRepository,
} from '../repositories';
import {
  checkAsyncOptions,
  checkOptions,
  type ProtectionFlowsModuleAsyncOptions,
  type ProtectionFlowsModuleExtras,
  type ProtectionFlowsModuleOptions,
} from './options';
import { DataSourceKeeper } from './data-source-keeper';
import { ProtectionFlowsHealth } from './health';

// alwaysTransient: an application may choose to tell modules apart by a hash of their definition, in which the options
// of two of these modules look alike
const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ProtectionFlowsModuleOptions>({
    moduleName: 'ProtectionFlows',
    alwaysTransient: true,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createProtectionFlowsOptions')
    .setExtras<ProtectionFlowsModuleExtras>({ isGlobal: false }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? false,
    }))
    .build();

const repositories: readonly (new (manager: EntityManager) => object)[] = [
  FlowRepository,
  ExecutionRepository,
  DueFlowRepository,
  RetentionRepository,
  TargetRepository,
];

const dataSourceProvider: Provider = {
  provide: ProtectionFlowsDataSource,
  inject: [DataSourceKeeper, MODULE_OPTIONS_TOKEN],
  useFactory: (keeper: DataSourceKeeper, options: unknown) => {
    checkOptions('forRootAsync', options);
    return keeper.open(options);
  },
};

const ofDataSource = (
  provide: Type<object>,
  useFactory: (dataSource: ProtectionFlowsDataSource) => object,
): Provider => ({ provide, inject: [ProtectionFlowsDataSource], useFactory });

/**
 * The data layer as a NestJS module. It provides, by their classes, {@link ProtectionFlowsDataSource} (connected
 * before the application starts, closed when it has shut down), {@link FlowRepository}, {@link ExecutionRepository},
 * {@link DueFlowRepository}, {@link RetentionRepository}, {@link TargetRepository}, and {@link ProtectionFlowsHealth}. None of TypeORM's own classes
 * is a token, so an application's `TypeOrmModule` stays what it was, its default connection included.
 */
@Module({
  providers: [
    DataSourceKeeper,
    dataSourceProvider,
    ...repositories.map((Repository) => ofDataSource(Repository, ({ manager }) => new Repository(manager))),
    ofDataSource(ProtectionFlowsHealth, (dataSource) => new ProtectionFlowsHealth(dataSource)),
  ],
  exports: [ProtectionFlowsDataSource, ...repositories, ProtectionFlowsHealth],
})
export class ProtectionFlowsModule extends ConfigurableModuleClass {
  /**
   * The module with options that are known. Without any, it is on the shared `dataSource` of
   * `@sendense/protection-flows/data-source`. Each call makes a module of its own; to use one of them in several
   * places, keep it, or make it global.
   *
   * @throws ProtectionFlowsError CONFIG_INVALID for options that mean nothing or contradict each other. The application
   * does not start with any error of `ProtectionFlowsDataSource.initialize`
   */
  static override forRoot(
    options: ProtectionFlowsModuleOptions & ProtectionFlowsModuleExtras = {},
  ): DynamicModule {
    checkOptions('forRoot', options);
    const { isGlobal, ...known } = options;
    // Through a factory: as a value, the DataSource or the password would be part of what Nest serializes and hashes
    return super.forRootAsync({ useFactory: () => known, isGlobal });
  }

  /**
   * The module with options that other providers have to be asked for: `useFactory` with `inject`, or a class with
   * `createProtectionFlowsOptions()` as `useClass` or `useExisting`.
   *
   * @throws ProtectionFlowsError CONFIG_INVALID for a wrong registration at once, for wrong options when the application
   * starts
   */
  static override forRootAsync(options: ProtectionFlowsModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    return super.forRootAsync(options);
  }
}
