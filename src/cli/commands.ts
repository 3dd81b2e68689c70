import { subject } from '../migrations';
import { changing, looking, type CommandRecord } from './command-record';
import { pageWriter, planWriter, readPlan } from './files';
import { auditCommand, pruneCommand, recountCommand } from './flow-commands';
import { action, changes, duration, flag, key, page, plans, schedules, wholeNumber } from './options';
import { adoptOutput } from './output/adopt';
import { preflightOutput } from './output/findings';
import { guardOutput } from './output/guard';
import { migrateOutput, planOutput } from './output/migrate';
import { restoreOrphansOutput } from './output/restore-orphans';
import { rollbackOutput, rollbackPlanOutput } from './output/rollback';
import { statusOutput } from './output/status';
import { schemaFitOutput, verifyOutput } from './output/verify';
import type { OpenDatabase, Services } from './services';

/** What wait has in the place of a database. */
type Unopened = OpenDatabase & {
  readonly asked: Parameters<Services['openDatabase']>;
};

/** Every command, in the order of --help. */
export const commands = (): readonly CommandRecord[] => [
  {
    name: 'migrate',
    summary: 'bring the tables and foreign keys onto the database',
    description:
      'Looks for what stands in the way, then applies the pending migrations and adds every foreign key that is ' +
      'absent. Safe to run again, and from many processes at once.',
    options: [...plans(), ...changes()],
    examples: [
      ...['migrate --plan', 'migrate', 'migrate --orphans=quarantine'],
      ...['migrate --plan --out plan.json', 'migrate --plan-file plan.json'],
    ],
    exits: '0 when done, 1 when something stands in the way',
    deed: ({ plan, out, planFile, orphans, allowBlocking }) => {
      const wishes = { orphans, allowBlocking };
      const wanted = planFile === undefined ? wishes : { plan: readPlan(planFile) };
      const write = out === undefined ? null : planWriter(out);
      return plan === true
        ? looking(
            planOutput,
            async (services, database) =>
              write?.(await services.keepPlan(database, wishes)) ?? services.planMigrate(database, wishes),
          )
        : changing(migrateOutput, (services, database, watched) =>
            services.migrate(database, { ...wanted, ...watched }),
          );
    },
  },
  {
    name: 'rollback',
    summary: 'undo the newest migrations',
    description:
      'Undoes the newest migrations, one unless told otherwise. Refuses where rows would be lost, and says how many.',
    options: [
      flag('plan', 'print the SQL, the rows that would be lost and what stands in the way; change nothing'),
      wholeNumber('steps', 'how many migrations to undo', Number.MAX_SAFE_INTEGER).default(1),
      flag('all', 'undo every applied migration').conflicts('steps'),
      flag('discard-rows', 'undo even where rows are lost with it'),
    ],
    examples: ['rollback --all --plan', 'rollback', 'rollback --steps 2', 'rollback --all --discard-rows'],
    exits: '0 when done, 1 when it was refused; with --plan, when it would be',
    deed: ({ plan, all, steps, discardRows = false }) => {
      const wanted = { steps: all === true ? ('all' as const) : steps, discardRows };
      return plan === true
        ? looking(rollbackPlanOutput, (services, database) => services.planRollback(database, wanted))
        : changing(rollbackOutput, (services, database, watched) =>
            services.rollback(database, { ...wanted, ...watched }),
          );
    },
  },
  {
    name: 'status',
    summary: 'show which migrations and foreign keys are there',
    description: 'Shows each migration (applied, pending, unknown) and each foreign key. Changes nothing.',
    options: [page()],
    examples: ['status', 'status --json', 'status --html status.html'],
    exits: '0 when up to date, 1 when something is pending, missing or unknown',
    deed: ({ html }) => {
      const write = pageWriter(html);
      return looking(statusOutput, async (services, database) => {
        const status = await services.readStatus(database);
        write?.(services.statusPage(status, new Date()));
        return status;
      });
    },
  },
  {
    name: 'preflight',
    summary: 'show what stands in the way of migrate, and the fix',
    description:
      'Looks for everything that would make the next migrate fail: privileges, tables of another shape, keys that ' +
      'cannot be added, rows in the way. Prints the SQL that puts each right. Changes nothing; migrate does the ' +
      'same first.',
    options: [],
    examples: ['preflight', 'preflight --json', 'preflight --config /etc/flows.json --no-color'],
    exits: '0 when nothing stands in the way, 1 when something does',
    deed: () => looking(preflightOutput, (services, database) => services.runPreflight(database)),
  },
  {
    name: 'verify',
    summary: 'prove that everything is there and behaves',
    description:
      'Compares the live schema with the declared one, then tries the constraints with rows of its own, in one ' +
      'transaction that is rolled back. Leaves no trace.',
    options: [flag('strict', 'fail on deferred foreign keys too'), page()],
    examples: ['verify', 'verify --strict', 'verify --json > proof.json', 'verify --html proof.html'],
    exits: '0 when proven, 1 when not proven',
    deed: ({ strict = false, html }) => {
      const write = pageWriter(html);
      return looking(verifyOutput, async (services, database) => {
        const report = await services.verify(database, { strict });
        write?.(services.verifyPage(report, await services.readStatus(database), new Date()));
        return report;
      });
    },
  },
  {
    name: 'adopt',
    summary: 'take over tables that were made by hand',
    description:
      'Compares the live tables with the declared ones. An exact match is recorded in the history; otherwise each ' +
      'difference is listed with the SQL that ends it. No row, and nothing that is not declared, is lost. Flows that are ' +
      'enabled and never ran by their schedule are listed with the time at which they begin to; nothing is changed until ' +
      '--schedules says whether they may.',
    options: [
      flag('repair', 'carry out the repairs, then record; stops where the decision is yours'),
      schedules(),
      flag('dry-run', 'list all of it; change nothing, not even the history'),
      ...changes(),
    ],
    examples: [
      'adopt',
      'adopt --repair --schedules=off',
      'adopt --repair --orphans=quarantine',
      'adopt --dry-run --json',
    ],
    exits: '0 when recorded and nothing differs, 1 when something is left to repair or to decide',
    deed: ({ repair = false, dryRun, schedules, orphans, allowBlocking }) => {
      const answers = schedules && { schedules };
      return changing(adoptOutput, (services, database, watched) =>
        services.adopt(database, { repair, dryRun, answers, orphans, allowBlocking, ...watched }),
      );
    },
  },
  {
    name: 'restore-orphans',
    summary: 'put quarantined rows back',
    description:
      'Puts back the rows that migrate --orphans=quarantine has set aside, and the rows that depended on them. A row ' +
      'whose parent is still missing, or whose id is taken, stays in quarantine. Safe to stop and to run again.',
    options: [key('only the rows that were set aside for that foreign key')],
    examples: ['restore-orphans', 'restore-orphans --key fk_flows_policy', 'restore-orphans --json'],
    exits: '0 when nothing is left in quarantine, 1 when a row could not be put back',
    deed: (options) =>
      changing(restoreOrphansOutput, (services, database, watched) =>
        services.restoreOrphans(database, { key: options.key, ...watched }),
      ),
  },
  pruneCommand(),
  {
    name: 'guard',
    summary: 'make it safe that the platform’s hub writes the tables too',
    description:
      'Installs guards in the database: what a program that knows nothing of this package writes to the tables can then ' +
      'end no run twice, begin no second one of a flow, and lose no count. They are an invisible column with a unique ' +
      'index, and triggers. Safe to stop and to run again.',
    action: action(['install', 'status', 'remove'], 'make them, show which are there, or take them off'),
    options: [],
    examples: ['guard install', 'guard status --json', 'guard remove'],
    exits:
      '0 when done; 1 when something stands in the way, and for status when they are not installed as a whole',
    deed: ({ action: wanted }) =>
      wanted === 'status'
        ? looking(guardOutput, (services, database) => services.readGuards(database))
        : changing(guardOutput, ({ installGuards, removeGuards }, database, watched) =>
            (wanted === 'install' ? installGuards : removeGuards)(database, watched),
          ),
  },
  recountCommand(),
  auditCommand(),
  {
    name: 'wait',
    summary: 'wait until the server and the schema are there',
    description: 'Waits until the server can be reached and has a schema that this program fits.',
    options: [duration('timeout', 'how long it waits: 500ms, 60s, 5m, 1h', '60s')],
    examples: ['wait --timeout 5m'],
    exits: '0 when this program fits the schema, 1 when it does not and the time is over',
    deed: ({ timeout: timeoutMs }) => ({
      // That the server may be away is what it is for
      open:
        () =>
        (...asked) =>
          Promise.resolve({ asked, destroy: () => Promise.resolve() } as Partial<Unopened> as Unopened),
      output: schemaFitOutput('wait'),
      run: ({ services, database, signal, onProgress }) => {
        const [settings, onStatement] = (database as Unopened).asked;
        return services.waitForSchema(subject, settings, { timeoutMs, signal, onProgress }, onStatement);
      },
    }),
  },
  {
    name: 'check',
    summary: 'say whether this program fits the schema',
    description:
      'Looks at the history and the columns. Needs SELECT alone, changes nothing. That the schema behaves, verify proves.',
    options: [],
    examples: ['check --json'],
    exits: '0 when this program fits the schema, 1 when not',
    deed: () => looking(schemaFitOutput('check'), (services, database) => services.checkSchema(database)),
  },
  {
    name: 'demo',
    summary: 'show it all on a private database server',
    description:
      "Starts a private server with the platform's tables, migrates it, writes real rows, verifies, rolls back and " +
      'removes the server. Needs no configuration.',
    options: [],
    examples: ['demo'],
    exits: '0 when everything went as it should, 1 when not',
    deed: null,
  },
];
