import { DataSource } from 'typeorm';
import { createDataSource } from '../../../src/typeorm/create-data-source';
import type { ProtectionFlowsError } from '../../../src/errors';
import { ProtectionFlowsModule } from '../../../src/nestjs';

const forRoot = ProtectionFlowsModule.forRoot.bind(ProtectionFlowsModule) as (options: unknown) => unknown;
const forRootAsync = ProtectionFlowsModule.forRootAsync.bind(ProtectionFlowsModule) as (
  options: unknown,
) => unknown;

function faultOf(call: () => unknown): ProtectionFlowsError {
  try {
    call();
  } catch (error) {
    return error as ProtectionFlowsError;
  }
  throw new Error('it was accepted');
}

/** Guards against options that are silently misread: another database, no migration, no retry. */
describe('the options of ProtectionFlowsModule', () => {
  it('are all optional', () => {
    expect(forRoot({})).toMatchObject({ module: ProtectionFlowsModule, global: false });
    expect(ProtectionFlowsModule.forRoot()).toMatchObject({ module: ProtectionFlowsModule, global: false });
  });

  it.each([
    [
      'a name that is not known',
      { migrationRun: true },
      /migrationRun is not known; did you mean migrationsRun\?/,
    ],
    [
      'settings on the first level',
      { database: 'd', username: 'u' },
      /database is not known.*username is not known/,
    ],
    ['no object', 'mysql://u@h/d', /must be an object/],
    ['a connection that is a text', { connection: 'mysql://u@h/d' }, /connection must be an object/],
    [
      "a data source that is not this package's",
      { dataSource: new DataSource({ type: 'mysql', driver: {} }) },
      /dataSource must be a ProtectionFlowsDataSource/,
    ],
    ['a flag that is a text', { migrationsRun: 'true' }, /migrationsRun must be true or false/],
    ['an uncertain end', { destroyOnShutdown: 1 }, /destroyOnShutdown must be true or false/],
    ['an uncertain reach', { isGlobal: 'yes' }, /isGlobal must be true or false/],
    ['too few attempts', { retryAttempts: -1 }, /retryAttempts must be a whole number from 0 to 1000/],
    [
      'a wait of less than nothing',
      { schemaWaitMs: -1 },
      /schemaWaitMs must be a whole number from 0 to 86400000/,
    ],
    [
      'a pause that is no number',
      { retryDelayMs: '5s' },
      /retryDelayMs must be a whole number from 0 to 600000/,
    ],
  ])('are refused with %s', (_what, options, message) => {
    const error = faultOf(() => forRoot(options));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
    expect(error.message).toMatch(/^ProtectionFlowsModule\.forRoot: /);
  });

  it('are refused with both a data source and a connection, whatever their values', () => {
    const both = { dataSource: createDataSource({ env: {} }), connection: { env: {} } };
    expect(faultOf(() => forRoot(both))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('connection and dataSource are both given; leave one out'),
    });
  });

  it('are refused with all their faults at once', () => {
    const { details } = faultOf(() => forRoot({ retryAttempts: 1.5, retries: 1, isGlobal: 0 }));
    expect((details.faults as { option: string }[]).map(({ option }) => option).sort()).toEqual([
      'isGlobal',
      'retries',
      'retryAttempts',
    ]);
  });

  it.each([
    ['nothing', {}, /useFactory, useClass, useExisting are all missing/],
    [
      'two ways',
      { useFactory: () => ({}), useClass: class {} },
      /useFactory and useClass are given together/,
    ],
    [
      'a name that is not known',
      { useFactory: () => ({}), injects: [] },
      /injects is not known; did you mean inject\?/,
    ],
    [
      'what is neither function nor list',
      { useFactory: {}, imports: 1, inject: {} },
      /useFactory must be a function, not its result; imports must be a list; inject must be a list/,
    ],
    ['what is no class', { useClass: 5 }, /useClass must be a class/],
    ['options of forRoot', { useFactory: () => ({}), migrationsRun: true }, /migrationsRun is not known/],
  ])('cannot come asynchronously from %s', (_what, options, message) => {
    expect(faultOf(() => forRootAsync(options))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('are not part of the definition, which NestJS may serialize and hash', () => {
    const connection = { host: 'h', username: 'u', password: 'hush', database: 'd' };
    expect(JSON.stringify(ProtectionFlowsModule.forRoot({ connection }))).not.toContain('hush');
    const dataSource = createDataSource({ env: {} });
    expect(() => JSON.stringify(ProtectionFlowsModule.forRoot({ dataSource }))).not.toThrow();
  });
});
