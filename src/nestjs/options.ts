import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import { notKnown } from '../arguments';
import { checkConnection, isRecord, type DataSourceConnection } from '../config';
import { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { FaultList, type ConfigFault, OptionReader } from '../config/option-reader';
import { isProtectionFlowsError } from '../errors';

/** Options of `ProtectionFlowsModule`: the connection, and what to do at the application's start and shutdown. */
export interface ProtectionFlowsModuleOptions {
  /**
   * Where to connect to, as for `createDataSource`: settings, or `{ configFile, env, cwd }`. The module makes its own
   * DataSource for it. Default: none. Without `connection` and `dataSource` the module uses the shared `dataSource` of
   * `@sendense/protection-flows/data-source`, which reads the environment and `ormconfig.json`.
   */
  readonly connection?: DataSourceConnection | undefined;
  /** An existing DataSource. The module connects it if necessary. Default: none. Not together with `connection`. */
  readonly dataSource?: ProtectionFlowsDataSource | undefined;
  /**
   * Whether to close the DataSource when the application shuts down. Default: false for a given `dataSource` and for a
   * shared one that was connected before, otherwise true. If several modules use one DataSource, the last one closes it.
   */
  readonly destroyOnShutdown?: boolean | undefined;
  /**
   * Whether to run pending migrations at the start, with the guarded `runMigrations()`. If that fails, the application
   * does not start. Default: the value in the configuration, whose default is false.
   */
  readonly migrationsRun?: boolean | undefined;
  /** How often to retry a first connection that failed; 0 for never, at most 1,000. Default: 10. */
  readonly retryAttempts?: number | undefined;
  /**
   * The pause before the first retry, in milliseconds, at most 600,000. Each further pause is twice as long, up to 10
   * seconds, or up to this pause if it is longer. Default: 500; with the default attempts that makes about a minute.
   */
  readonly retryDelayMs?: number | undefined;
  /**
   * How long the application's start waits until it fits the schema (`checkSchema`), in milliseconds, at most 86,400,000;
   * 0 checks once. The application does not start unless it fits. Default: the schema is not checked.
   */
  readonly schemaWaitMs?: number | undefined;
}

/** Options that concern the module itself. */
export interface ProtectionFlowsModuleExtras {
  /** Whether every module of the application may inject the providers without importing this one. Default: false. */
  readonly isGlobal?: boolean | undefined;
}

/** A class that `useClass` or `useExisting` of `forRootAsync` names. */
export interface ProtectionFlowsOptionsFactory {
  /** Returns the module's options; called once, at the start. */
  createProtectionFlowsOptions(): ProtectionFlowsModuleOptions | Promise<ProtectionFlowsModuleOptions>;
}

/** Options of `forRootAsync`: exactly one of `useFactory`, `useClass` and `useExisting`; also `imports` and `inject`. */
export type ProtectionFlowsModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  ProtectionFlowsModuleOptions,
  'createProtectionFlowsOptions'
> &
  ProtectionFlowsModuleExtras;

type Options = ProtectionFlowsModuleOptions & ProtectionFlowsModuleExtras;

const optionNames = [
  'connection',
  'dataSource',
  'destroyOnShutdown',
  'migrationsRun',
  'retryAttempts',
  'retryDelayMs',
  'schemaWaitMs',
] as const satisfies readonly (keyof ProtectionFlowsModuleOptions)[];

const forms = ['useFactory', 'useClass', 'useExisting'] as const;
const asyncNames = ['imports', 'inject', 'provideInjectionTokensFrom', 'isGlobal', ...forms];

const remedy = 'Correct the options; docs/nestjs.md lists them with their defaults.';

const faultsOf = (call: string): FaultList => new FaultList(`ProtectionFlowsModule.${call}`, remedy);

/** Returns the options as a record. Adds a fault if they are no object, and one for each unknown name. */
function readNames(
  options: unknown,
  known: readonly string[],
  faults: FaultList,
): Readonly<Record<string, unknown>> {
  if (!isRecord(options)) {
    faults.invalid('the options', 'must be an object');
    return {};
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) faults.add('unknown', name, notKnown(name, known));
  }
  return { ...options };
}

/** Adds the faults of the connection to the module's own. */
function gatherFaults(connection: object, faults: FaultList): void {
  try {
    checkConnection(connection);
  } catch (error) {
    if (!isProtectionFlowsError(error)) throw error;
    for (const { kind, option, message } of error.details.faults as ConfigFault[]) {
      faults.add(kind, `connection.${option}`, message);
    }
  }
}

function checkSource(connection: unknown, dataSource: unknown, faults: FaultList): void {
  if (connection !== undefined && dataSource !== undefined) {
    faults.invalid('connection', 'and dataSource are both given; leave one out');
  }
  if (typeof connection === 'object' && connection !== null) gatherFaults(connection, faults);
  else if (connection !== undefined) {
    faults.invalid('connection', 'must be an object: settings, or configFile, env or cwd');
  }
  if (dataSource !== undefined && !(dataSource instanceof ProtectionFlowsDataSource)) {
    faults.invalid(
      'dataSource',
      'must be a ProtectionFlowsDataSource, as createDataSource makes it; for any other, make the repositories yourself: new FlowRepository(dataSource.manager)',
    );
  }
}

/**
 * Refuses options that are invalid or contradict each other, all faults at once.
 *
 * @param call the function that got the options. A factory of `forRootAsync` can't set `isGlobal`: when it is called,
 * NestJS has already laid out the modules
 * @throws CONFIG_INVALID, with every fault in `details.faults`
 */
export function checkOptions(call: 'forRoot' | 'forRootAsync', options: unknown): asserts options is Options {
  const faults = faultsOf(call);
  const known = call === 'forRoot' ? [...optionNames, 'isGlobal'] : optionNames;
  const given = readNames(options, known, faults);
  const read = new OptionReader(faults, false);
  checkSource(given.connection, given.dataSource, faults);
  for (const flag of ['destroyOnShutdown', 'migrationsRun', 'isGlobal']) read.flag(flag, given[flag]);
  read.wholeNumber('retryAttempts', given.retryAttempts, { least: 0, most: 1_000 });
  read.wholeNumber('retryDelayMs', given.retryDelayMs, { least: 0, most: 600_000 });
  read.wholeNumber('schemaWaitMs', given.schemaWaitMs, { least: 0, most: 86_400_000 });
  faults.throwIfAny();
}

/**
 * Refuses an async registration that does not name exactly one of `useFactory`, `useClass` and `useExisting`.
 *
 * @throws CONFIG_INVALID, with every fault in `details.faults`
 */
export function checkAsyncOptions(options: unknown): void {
  const faults = faultsOf('forRootAsync');
  const given = readNames(options, asyncNames, faults);
  const ways = forms.filter((form) => given[form] !== undefined);
  if (ways.length === 0) faults.add('missing', forms.join(', '), 'are all missing; give one of them');
  if (ways.length > 1) faults.invalid(ways.join(' and '), 'are given together; give one of them');
  for (const name of ['useFactory', 'useClass'])
    if (given[name] !== undefined && typeof given[name] !== 'function')
      faults.invalid(name, name === 'useClass' ? 'must be a class' : 'must be a function, not its result');
  for (const name of ['imports', 'inject', 'provideInjectionTokensFrom'])
    if (given[name] !== undefined && !Array.isArray(given[name])) faults.invalid(name, 'must be a list');
  new OptionReader(faults, false).flag('isGlobal', given.isGlobal);
  faults.throwIfAny();
}
