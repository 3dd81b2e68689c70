import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import { notKnown } from '../arguments';
import { checkConnection, isRecord, type DataSourceConnection } from '../config';
import { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { FaultList, type ConfigFault, OptionReader } from '../config/option-reader';
import { isProtectionFlowsError } from '../errors';

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
  /**
   * Lets the application start only where it fits the schema (`checkSchema`), and says how long it waits for that, in
   * milliseconds, at most 86,400,000; 0 for not at all. Default: the schema is not looked at.
   */
  readonly schemaWaitMs?: number | undefined;
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

/** The options as a record; with a fault for anything else, and one for each name that is not known. */
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

/** The faults of the connection stand beside the module's own. */
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
      'must be a ProtectionFlowsDataSource, as createDataSource makes it; on any other, make the repositories yourself: new FlowRepository(dataSource.manager)',
    );
  }
}

/**
 * Refuses options that mean nothing or contradict each other, all at once.
 *
 * @param call where they were given: `forRoot` or `forRootAsync`. What a factory answers can't say `isGlobal`: by then
 * the modules are laid out
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
 * Refuses an async registration without exactly one way to the options.
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
      faults.invalid(
        name,
        name === 'useClass' ? 'must be a class' : 'must be a function, not what it answers',
      );
  for (const name of ['imports', 'inject', 'provideInjectionTokensFrom'])
    if (given[name] !== undefined && !Array.isArray(given[name])) faults.invalid(name, 'must be a list');
  new OptionReader(faults, false).flag('isGlobal', given.isGlobal);
  faults.throwIfAny();
}
