import { ProtectionFlowsError } from '../errors';
import { subject } from '../migrations';
import { auditCommand } from './audit-command';
import { deed, type CommandRecord } from './command-record';
import { action, age, changes, duration, flag, key, plans, schedules, wholeNumber } from './options';
import { adoptOutput } from './output/adopt';
import { preflightOutput } from './output/findings';
import { guardOutput } from './output/guard';
import { migrateOutput } from './output/migrate';
import { planOutput } from './output/plan';
import { pruneOutput, pruneProgress } from './output/prune';
import { recountOutput, recountProgress } from './output/recount';
import { restoreOrphansOutput } from './output/restore-orphans';
import { rollbackOutput, rollbackPlanOutput } from './output/rollback';
import { schemaFitOutput } from './output/schema-fit';
import { planWriter, readPlan } from './plan-file';
import { statusCommand, verifyCommand } from './page-commands';

const largest = { steps: Number.MAX_SAFE_INTEGER, keep: 2_147_483_647, batchSize: 10_000 } as const;

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
        ? deed({
            run: async ({ services, database }) =>
              write?.(await services.keepPlan(database, wishes)) ?? services.planMigrate(database, wishes),
            output: planOutput,
          })
        : deed({
            stopsBetweenStatements: true,
            run: ({ services, database, signal, onProgress }) =>
              services.migrate(database, { ...wanted, signal, onProgress }),
            output: migrateOutput,
          });
    },
  },
  {
    name: 'rollback',
    summary: 'undo the newest migrations',
    description:
      'Undoes the newest migrations, one unless told otherwise. Refuses where rows would be lost, and says how many.',
    options: [
      flag('plan', 'print the SQL, the rows that would be lost and what stands in the way; change nothing'),
      wholeNumber('steps', 'how many migrations to undo', largest.steps).default(1),
      flag('all', 'undo every applied migration').conflicts('steps'),
      flag('discard-rows', 'undo even where rows are lost with it'),
    ],
    examples: ['rollback --all --plan', 'rollback', 'rollback --steps 2', 'rollback --all --discard-rows'],
    exits: '0 when done, 1 when it was refused; with --plan, when it would be',
    deed: ({ plan, all, steps, discardRows = false }) => {
      const wanted = { steps: all === true ? ('all' as const) : steps, discardRows };
      return plan === true
        ? deed({
            run: ({ services, database }) => services.planRollback(database, wanted),
            output: rollbackPlanOutput,
          })
        : deed({
            stopsBetweenStatements: true,
            run: ({ services, database, signal, onProgress }) =>
              services.rollback(database, { ...wanted, signal, onProgress }),
            output: rollbackOutput,
          });
    },
  },
  statusCommand(),
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
    deed: () =>
      deed({ run: ({ services, database }) => services.runPreflight(database), output: preflightOutput }),
  },
  verifyCommand(),
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
    deed: ({ repair = false, dryRun, schedules, orphans, allowBlocking }) =>
      deed({
        stopsBetweenStatements: true,
        run: ({ services, database, signal, onProgress }) =>
          services.adopt(database, {
            repair,
            dryRun,
            answers: schedules && { schedules },
            orphans,
            allowBlocking,
            signal,
            onProgress,
          }),
        output: adoptOutput,
      }),
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
      deed({
        stopsBetweenStatements: true,
        run: ({ services, database, signal, onProgress }) =>
          services.restoreOrphans(database, { key: options.key, signal, onProgress }),
        output: restoreOrphansOutput,
      }),
  },
  {
    name: 'prune',
    summary: 'delete old executions that are over',
    description:
      'Deletes executions that are over and older than an age, or not among the newest of their flow; with both ' +
      'options, either is enough. The last execution of each flow stays, and so does each that is pending or ' +
      'running. Works in small transactions, so that others need not wait. Safe to stop and to run again.',
    options: [
      age('older-than', 'delete those older than that: 90d, 12w, 36h, 30m'),
      wholeNumber('keep', 'delete those that are not among the newest n of their flow', largest.keep),
      wholeNumber('batch-size', 'how many one transaction deletes', largest.batchSize).default(500),
      flag('dry-run', 'count what would be deleted; delete nothing'),
    ],
    examples: [
      'prune --older-than 90d --dry-run',
      'prune --older-than 90d',
      'prune --older-than 1w --keep 100',
      'prune --keep 50 --json',
    ],
    exits: '0 when done, also where there was nothing to delete; 1 when it was refused',
    deed: ({ olderThan: olderThanMs, keep: keepPerFlow, batchSize, dryRun = false }) => {
      if (olderThanMs === undefined && keepPerFlow === undefined) throw unlimited();
      return deed({
        stopsBetweenStatements: true,
        open: (services) => services.openDataSource,
        run: ({ services, database, signal, onProgress, isTerminal }) =>
          services.prune(database, {
            olderThanMs,
            keepPerFlow,
            batchSize,
            dryRun,
            signal,
            onProgress: pruneProgress(onProgress, { isTerminal, dryRun }),
          }),
        output: pruneOutput,
      });
    },
  },
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
      deed({
        stopsBetweenStatements: wanted !== 'status',
        run: ({ services, database, signal, onProgress }) => {
          if (wanted === 'install') return services.installGuards(database, { signal, onProgress });
          if (wanted === 'remove') return services.removeGuards(database, { signal, onProgress });
          return services.readGuards(database);
        },
        output: guardOutput,
      }),
  },
  {
    name: 'recount',
    summary: "make flows' statistics agree with their executions",
    description:
      "Counts each flow's executions, and those that prune has removed, and corrects its counters and what it shows as its " +
      'last execution, beside the work of others. Says what each was and is. Safe to stop and to run again.',
    options: [flag('dry-run', 'say what is wrong; change nothing')],
    examples: ['recount --dry-run', 'recount', 'recount --json'],
    exits: '0 when all agree; 1 when --dry-run found one that does not, or when it was refused',
    deed: ({ dryRun = false }) =>
      deed({
        stopsBetweenStatements: true,
        open: (services) => services.openDataSource,
        run: ({ services, database, signal, onProgress: tell, isTerminal }) =>
          services.recount(database, { dryRun, signal, onProgress: recountProgress(tell, isTerminal) }),
        output: recountOutput,
      }),
  },
  auditCommand(),
  {
    name: 'wait',
    summary: 'wait until the server and the schema are there',
    description: 'Waits until the server can be reached and has a schema that this program fits.',
    options: [duration('timeout', 'how long it waits: 500ms, 60s, 5m, 1h', '60s')],
    examples: ['wait --timeout 5m'],
    exits: '0 when this program fits the schema, 1 when it does not and the time is over',
    deed: ({ timeout: timeoutMs }) =>
      deed({
        // That the server may be away is what it is for
        open: () => (settings, onStatement) =>
          Promise.resolve({ settings, onStatement, destroy: () => Promise.resolve() }),
        run: ({ services, database: { settings, onStatement }, signal, onProgress }) =>
          services.waitForSchema(subject, settings, { timeoutMs, signal, onProgress }, onStatement),
        output: schemaFitOutput('wait'),
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
    deed: () =>
      deed({
        run: ({ services, database }) => services.checkSchema(database),
        output: schemaFitOutput('check'),
      }),
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

const unlimited = (): ProtectionFlowsError =>
  new ProtectionFlowsError('USAGE', {
    message: 'neither --older-than nor --keep is given, so nothing says which executions are to go',
    remedy: 'Give --older-than 90d, --keep 100, or both. See protection-flows prune --help.',
  });
