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

// alwaysTransient: NestJS may tell modules apart by a hash of their definitions, and two of these modules with different
// options would have the same hash
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
 * {@link DueFlowRepository}, {@link RetentionRepository}, {@link TargetRepository}, and {@link ProtectionFlowsHealth}.
 * No class of TypeORM is a token, so the application's `TypeOrmModule` and its default connection are not affected.
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
   * Makes the module from options that are known now. Without any, the module uses the shared `dataSource` of
   * `@sendense/protection-flows/data-source`. Each call makes another module; to use one in several places, keep it or
   * make it global.
   *
   * @throws ProtectionFlowsError CONFIG_INVALID for options that are invalid or contradict each other. The application's
   * start throws the errors of `ProtectionFlowsDataSource.initialize`
   */
  static override forRoot(
    options: ProtectionFlowsModuleOptions & ProtectionFlowsModuleExtras = {},
  ): DynamicModule {
    checkOptions('forRoot', options);
    const { isGlobal, ...known } = options;
    // Through a factory: NestJS would serialize and hash a value, with the DataSource or the password
    return super.forRootAsync({ useFactory: () => known, isGlobal });
  }

  /**
   * Makes the module from options that other providers know: `useFactory` with `inject`, or a class with
   * `createProtectionFlowsOptions()` as `useClass` or `useExisting`.
   *
   * @throws ProtectionFlowsError CONFIG_INVALID at once for a wrong registration; for wrong options at the application's
   * start
   */
  static override forRootAsync(options: ProtectionFlowsModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    return super.forRootAsync(options);
  }
}
