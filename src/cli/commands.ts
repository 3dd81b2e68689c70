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

/** What `wait` works with instead of an open database: the arguments for opening one. */
type Unopened = OpenDatabase & {
  readonly asked: Parameters<Services['openDatabase']>;
};

/** Every command, in the order of --help. */
export const commands = (): readonly CommandRecord[] => [
  {
    name: 'migrate',
    summary: 'create or update the tables and foreign keys',
    description:
      'Runs preflight, then applies the pending migrations and adds every missing foreign key. Safe to run again, ' +
      'and from many processes at once.',
    options: [...plans(), ...changes()],
    examples: [
      ...['migrate --plan', 'migrate', 'migrate --orphans=quarantine'],
      ...['migrate --plan --out plan.json', 'migrate --plan-file plan.json'],
    ],
    exits: '0 when done, 1 when something has to be fixed first',
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
      'Undoes the newest migration, or several. Refuses to lose rows unless --discard-rows is given, and says how many ' +
      'there are.',
    options: [
      flag('plan', 'print the SQL, the rows that would be lost and each refusal; change nothing'),
      wholeNumber('steps', 'how many migrations to undo', Number.MAX_SAFE_INTEGER).default(1),
      flag('all', 'undo every applied migration').conflicts('steps'),
      flag('discard-rows', 'undo even if rows are lost'),
    ],
    examples: ['rollback --all --plan', 'rollback', 'rollback --steps 2', 'rollback --all --discard-rows'],
    exits: '0 when done, 1 when refused; with --plan, 1 when it would be refused',
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
    summary: 'show the state of each migration and foreign key',
    description:
      'Shows each migration (applied, pending, unknown) and each foreign key (present, deferred, missing). Changes ' +
      'nothing.',
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
    summary: 'show what would stop migrate, and how to fix it',
    description:
      'Looks for everything that would make the next migrate fail: missing privileges, tables that differ from the ' +
      'declared ones, keys that cannot be added, orphaned rows. Prints the fix for each, as SQL where possible. ' +
      'Changes nothing; migrate makes the same check first.',
    options: [],
    examples: ['preflight', 'preflight --json', 'preflight --config /etc/flows.json --no-color'],
    exits: '0 when migrate could do all its work, 1 when not',
    deed: () => looking(preflightOutput, (services, database) => services.runPreflight(database)),
  },
  {
    name: 'verify',
    summary: 'prove that the schema is there and behaves',
    description:
      'Compares the live schema with the declared one, then tests the constraints with rows of its own, in one ' +
      'transaction that it rolls back. Leaves no trace.',
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
      'Compares the live tables with the declared ones. Records an exact match in the history; otherwise lists each ' +
      'difference with the SQL that ends it. Loses no row, and drops nothing that is not declared. Enabled flows that ' +
      'never ran by their schedule are listed with the time of their first run; nothing is changed until --schedules ' +
      'says whether they may run.',
    options: [
      flag('repair', 'carry out the repairs, then record; stops where you have to decide'),
      schedules(),
      flag('dry-run', 'list everything; change nothing, not even the history'),
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
      'Puts back the rows that --orphans=quarantine moved to quarantine, and the rows that depended on them. A row ' +
      'whose parent is still missing, or whose id is taken, stays in quarantine. Safe to stop and to run again.',
    options: [key('only the rows quarantined for this foreign key')],
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
      'Installs guards in the database: an invisible column with a unique index, and triggers. With them, a program ' +
      'that does not use this package cannot end a run twice, begin a second run of a flow beside a running one, or ' +
      'lose a count. Safe to stop and to run again.',
    action: action(['install', 'status', 'remove'], 'install, show or remove the guards'),
    options: [],
    examples: ['guard install', 'guard status --json', 'guard remove'],
    exits:
      '0 when done, 1 when something has to be fixed first; for status, 1 when not every guard is there as it should be',
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
    description: 'Waits until the server answers and this program fits the schema.',
    options: [duration('timeout', 'how long to wait: 500ms, 60s, 5m, 1h', '60s')],
    examples: ['wait --timeout 5m'],
    exits: '0 when this program fits the schema, 1 when it still does not at the end of the time',
    deed: ({ timeout: timeoutMs }) => ({
      // Opens nothing yet: the server may be away, and waitForSchema connects again and again
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
      'Compares the history and the columns with what this program needs. Needs only SELECT, changes nothing. To prove ' +
      'that the schema behaves, use verify.',
    options: [],
    examples: ['check --json'],
    exits: '0 when this program fits the schema, 1 when not',
    deed: () => looking(schemaFitOutput('check'), (services, database) => services.checkSchema(database)),
  },
  {
    name: 'demo',
    summary: 'show everything on a private database server',
    description:
      "Starts a private server with the platform's tables, migrates it, writes real rows, verifies, rolls back and " +
      'removes the server. Needs no configuration.',
    options: [],
    examples: ['demo'],
    exits: '0 when everything went as it should, 1 when not',
    deed: null,
  },
];
