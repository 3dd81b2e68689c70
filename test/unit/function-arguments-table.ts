import * as testing from '../../src/testing';
import type { Argument } from '../support/hostile-calls';
import type { HostileTitle } from '../support/hostile-values';

export const any = (name: string, right: unknown = 'x'): Argument => ({ name, right, takes: [] });
const left: readonly HostileTitle[] = ['undefined'];
const flag: readonly HostileTitle[] = ['undefined', 'true', 'false'];
const fromZero: readonly HostileTitle[] = ['undefined', 'zero', 'one'];
const emptyObjects: readonly HostileTitle[] = [
  'undefined',
  'an empty object',
  'an object without a prototype',
  'an instance of a class',
  'an object made like a Date',
];

const session = {
  onProgress: ['undefined', 'a function'],
  signal: left,
  lockWaitMs: fromZero,
  lockLeaseMs: ['undefined', 'one'],
  tableWaitMs: fromZero,
} satisfies Record<string, readonly HostileTitle[]>;
const wishes = { orphans: left, allowBlocking: flag, copyLimitRows: fromZero } as const;
const options = (fields: Readonly<Record<string, readonly HostileTitle[]>>): Argument => ({
  name: 'options',
  right: {},
  takes: emptyObjects,
  fields,
});

const dataSource = any('dataSource', undefined);
const status = (name: string) => any(name, 'running');
/** A schedule's properties are for SCHEDULE_INVALID, and a flow's for the rules of its type. */
const object = (name: string, right: object): Argument => ({
  name,
  right,
  takes: [
    ...emptyObjects.filter((title) => title !== 'undefined'),
    'an object that writes its SQL itself',
    'an object that is a text',
    'a getter that throws',
  ],
});
const schedule = object('schedule', { cron_expression: '@daily', timezone: null });
/** Of the test helpers: columns, which the server judges where the table is the platform's. */
const row: Argument = {
  name: 'overrides',
  right: {},
  takes: [...emptyObjects, 'an object that writes its SQL itself', 'an object that is a text'],
};
const flowColumns: Argument = { name: 'overrides', right: {}, takes: emptyObjects, fields: {} };
const shortTexts: readonly HostileTitle[] = [
  ...left,
  'a letter',
  'a digit',
  'SQL',
  'a star',
  'a zero-width blank',
];
const charsets: readonly HostileTitle[] = [...left, 'a letter', 'a digit'];
const idTexts = shortTexts.filter((title) => title !== 'undefined');
const storable: readonly HostileTitle[] = [
  ...idTexts,
  'an empty text',
  'a blank',
  'a control character',
  'a NUL',
  'two lines',
  '600 characters',
];
const texts: readonly HostileTitle[] = [...storable, 'half a surrogate pair'];
const anyObject: readonly HostileTitle[] = [
  ...emptyObjects,
  'an object that writes its SQL itself',
  'an object that is a text',
  'a getter that throws',
];
const wish = { flavour: left, version: shortTexts } as const;
const after: Argument = { name: 'after', right: new Date(0), takes: ['a Date', 'a Date of the year 200000'] };

/** The arguments of every function that judges them. What the options are is judged whatever the data source is. */
export const judged: Readonly<Record<string, readonly Argument[]>> = {
  statusesBefore: [status('to')],
  scheduleFaults: [schedule],
  nextRun: [schedule, after],
  nextRuns: [schedule, after, { name: 'count', right: 1, takes: ['zero', 'one'] }],
  createRepositories: [any('source', undefined)],
  createWorker: [
    {
      ...options({
        repositories: [],
        run: ['a function'],
        name: shortTexts.filter((title) => title !== 'a zero-width blank'),
        concurrency: ['undefined', 'one'],
        perRepository: ['undefined', 'one'],
        overlap: left,
        missed: left,
        missedAfterMs: fromZero,
        retry: left,
        pollMs: left,
        heartbeatMs: left,
        silenceMs: left,
        timeoutMs: ['undefined', 'one'],
        stopMs: fromZero,
        graceMs: fromZero,
      }),
      takes: [],
    },
  ],
  createDashboard: [
    {
      ...options({
        dataSource: [],
        allow: ['undefined', 'a function'],
        actions: flag,
        actor: ['undefined', 'a function'],
        basePath: left,
        refreshMs: left,
      }),
      takes: [],
    },
  ],
  FlowRepository: [any('manager', undefined)],
  ExecutionRepository: [any('manager', undefined)],
  DueFlowRepository: [any('manager', undefined)],
  RetentionRepository: [any('manager', undefined)],
  TargetRepository: [any('manager', undefined)],
  migrate: [dataSource, options({ ...session, ...wishes, plan: ['undefined'] })],
  planMigrate: [dataSource, options(wishes)],
  keepPlan: [dataSource, options(wishes)],
  runPreflight: [dataSource, options(wishes)],
  rollback: [dataSource, options({ ...session, discardRows: flag, steps: fromZero })],
  planRollback: [dataSource, options({ discardRows: flag, steps: fromZero })],
  // Which answers there are says the data source, which is none here
  adopt: [
    dataSource,
    options({
      ...session,
      ...wishes,
      repair: flag,
      dryRun: flag,
      answers: [
        ...emptyObjects,
        'an object that writes its SQL itself',
        'an object that is a text',
        'a getter that throws',
      ],
    }),
  ],
  restoreOrphans: [
    dataSource,
    options({
      ...session,
      key: ['undefined'],
      batchRows: ['undefined', 'one'],
    }),
  ],
  readStatus: [dataSource],
  readGuards: [dataSource],
  installGuards: [dataSource, options(session)],
  removeGuards: [dataSource, options(session)],
  checkSchema: [dataSource],
  verify: [dataSource, options({ strict: flag })],
  ...Object.fromEntries(
    ['metrics', 'prometheusText'].map((name) => [
      name,
      [
        dataSource,
        options({
          flowIds: [...left, 'an empty list', 'a list of texts'],
          limit: fromZero,
          schemaMaxAgeMs: fromZero,
        }),
      ],
    ]),
  ),
  ...Object.fromEntries(
    Object.keys(testing)
      .filter((name) =>
        /^create(Repository|Policy|Schedule|ScheduleExecution|Vm|Group|BackupJob)$/.test(name),
      )
      .map((name) => [name, [any('session', undefined), row]]),
  ),
  addToGroup: [
    any('session', undefined),
    ...['groupId', 'vmContextId'].map((name): Argument => ({ name, right: 'x', takes: idTexts })),
    row,
  ],
  seedPlatformRows: [any('session', undefined)],
  buildFlow: [flowColumns],
  buildExecution: [{ name: 'flowId', right: 'x', takes: idTexts }, flowColumns],
  createFlow: [any('manager', undefined), flowColumns],
  createExecution: [any('manager', undefined), flowColumns],
  rolledBack: [any('dataSource', undefined), { name: 'work', right: () => 1, takes: ['a function'] }],
  sessionOf: [any('connection', undefined)],
  connectionUrl: [
    {
      name: 'address',
      right: { host: 'h', port: 1, username: 'u', password: '' },
      takes: [],
      fields: {
        host: idTexts.filter((title) => title !== 'a zero-width blank'),
        port: ['one'],
        username: storable,
        password: storable,
      },
      open: true,
    },
    { name: 'database', right: undefined, takes: [...left, ...storable] },
  ],
  createPlatformTables: [
    any('session', undefined),
    {
      name: 'collations',
      right: {},
      takes: emptyObjects,
      fields: { schedules: charsets, repositories: charsets },
    },
    { name: 'only', right: [], takes: [...left, 'an empty list'] },
    { name: 'age', right: undefined, takes: left },
  ],
  createThrowAwayDatabase: [
    { name: 'server', right: undefined, takes: [], fields: {}, open: true },
    options({ name: shortTexts, charset: charsets, collation: charsets }),
  ],
  startPrivateServer: [
    {
      ...options({
        ...wish,
        installation: left,
        serverArguments: [...left, 'an empty list', 'a list of texts'],
        timeZone: shortTexts,
        password: [...shortTexts, 'an empty text', 'a blank', '600 characters'],
        startLimitMs: fromZero,
      }),
      // Wrong in any case, so that no server is started here
      right: { installation: null },
    },
  ],
  findServerInstallations: [{ ...options(wish), name: 'wish', right: { flavour: null } }],
  withSessionSettings: [
    any('mysql2', { createPool: () => undefined }),
    { name: 'onUnfit', right: undefined, takes: ['undefined', 'a function'] },
  ],
  redact: [
    { name: 'text', right: 'x', takes: texts },
    {
      name: 'settings',
      right: { password: 'x' },
      takes: [],
      open: true,
      fields: { password: texts, ssl: [...anyObject, 'null'] },
    },
  ],
  validationFailed: [
    { name: 'entity', right: 'x', takes: texts },
    { name: 'fields', right: [], takes: ['an empty list'] },
  ],
  getServerInstallation: [{ ...options(wish), name: 'wish', right: { flavour: null } }],
};

/** Functions that accept any value: none may throw. */
export const total = [
  'isProtectionFlowsError',
  'isPassing',
  'fromServerError',
  'validateFlow',
  'validateExecution',
  'httpStatusOf',
];

/** Settings, which have codes and tests of their own; errors, which only this package makes; what takes no values. */
export const others = [
  'createDataSource',
  'waitForSchema',
  'loadConnection',
  'dataSourceOptions',
  'ProtectionFlowsDataSource',
  'ProtectionFlowsError',
  'ProtectionFlowsModule',
  'ProtectionFlowsHealth',
  // Its options are those of createWorker, which validates them
  'OnFlowDue',
  'ProtectionFlowsExceptionFilter',
];
