import type { CommandRecord, Deed, DeedContext } from './command-record';
import { usageFault } from './error-report';
import { age, duration, flag, flow, parseAge, wholeNumber } from './options';
import { auditOutput } from './output/audit';
import { pruneOutput, pruneProgress, recountOutput, recountProgress, toldSeldom } from './output/retention';
import { counted } from './output/words';
import type { Services } from './services';

/** The context of a command that reads or writes flows: its database is a TypeORM data source. */
type FlowsContext = DeedContext & {
  readonly database: Awaited<ReturnType<Services['openDataSource']>>;
};

const openFlows = (services: Services): Services['openDataSource'] => services.openDataSource;

/** The command that deletes old executions. */
export const pruneCommand = (): CommandRecord => ({
  name: 'prune',
  summary: 'delete old executions that have ended',
  description:
    'Deletes ended executions that are older than an age, or not among the newest of their flow; with both options, ' +
    'either is enough. Never deletes the last execution of a flow, nor one that is pending or running. Works in small ' +
    'transactions, so that other programs need not wait. Safe to stop and to run again.',
  options: [
    age('older-than', 'delete executions older than this: 90d, 12w, 36h, 30m'),
    wholeNumber('keep', 'delete executions that are not among the newest n of their flow', 2_147_483_647),
    wholeNumber('batch-size', 'how many executions one transaction deletes', 10_000).default(500),
    flag('dry-run', 'count what would be deleted; delete nothing'),
  ],
  examples: [
    'prune --older-than 90d --dry-run',
    'prune --older-than 90d',
    'prune --older-than 1w --keep 100',
    'prune --keep 50 --json',
  ],
  exits: '0 when done, also with nothing to delete; 1 when refused',
  deed: ({ olderThan: olderThanMs, keep: keepPerFlow, batchSize, dryRun = false }): Deed => {
    if (olderThanMs === undefined && keepPerFlow === undefined)
      throw usageFault(
        'neither --older-than nor --keep is given, so nothing says which executions to delete',
        'Give --older-than 90d, --keep 100, or both. See protection-flows prune --help.',
      );
    return {
      stopsBetweenStatements: true,
      open: openFlows,
      output: pruneOutput,
      run: ({ services, database, signal, onProgress: tell, isTerminal }: FlowsContext) => {
        const onProgress = pruneProgress(tell, { isTerminal, dryRun });
        const limits = { olderThanMs, keepPerFlow, batchSize, dryRun };
        return services.prune(database, { ...limits, signal, onProgress });
      },
    };
  },
});

/** The command that makes the statistics of flows agree with their executions. */
export const recountCommand = (): CommandRecord => ({
  name: 'recount',
  summary: "make flows' statistics agree with their executions",
  description:
    "Counts each flow's executions, with those that prune deleted, and corrects the flow's counters and its last " +
    'execution. Prints each old and new value. Other programs can go on. Safe to stop and to run again.',
  options: [flag('dry-run', 'print what is wrong; change nothing')],
  examples: ['recount --dry-run', 'recount', 'recount --json'],
  exits: '0 when all flows agree; 1 when --dry-run found one that does not, or when refused',
  deed: ({ dryRun = false }): Deed => ({
    stopsBetweenStatements: true,
    open: openFlows,
    output: recountOutput,
    run: ({ services, database, signal, onProgress: tell, isTerminal }: FlowsContext) =>
      services.recount(database, { dryRun, signal, onProgress: recountProgress(tell, isTerminal) }),
  }),
});

/** The command that lists every run that should have been. */
export const auditCommand = (): CommandRecord => ({
  name: 'audit',
  summary: 'list every run that should have been: on time, late, skipped or missed',
  description:
    "Computes every run that each flow's schedule demanded at the time. Looks for each run among the executions and in " +
    'the ledger of skipped runs: on time, late (by how much), skipped (why) or missed. A time whose schedule nobody ' +
    'recorded is unknown. Changes nothing.',
  options: [
    age('since', 'how long ago the audit begins').default(parseAge('7d'), '7d'),
    age('until', 'how long ago the audit ends; without it, now'),
    flow('only this flow'),
    duration('late-after', 'a run is late when it begins later than this after its time', '60s'),
  ],
  examples: [
    'audit --since 7d',
    'audit --since 4w --until 1w --json',
    'audit --flow 0190a1b2 --late-after 15m',
  ],
  exits: '0 when no run was missed, 1 when one was',
  deed: ({ since: sinceMs, until: untilMs, flow: flowId, lateAfter: lateAfterMs }): Deed => {
    if (untilMs !== undefined && untilMs >= sinceMs)
      throw usageFault(
        '--until is as long ago as --since, or longer, so there is no time between them',
        'Give a shorter age to --until, or leave it out. See protection-flows audit --help.',
      );
    return {
      open: openFlows,
      output: auditOutput,
      run: ({ services, database, onProgress: tell, isTerminal }: FlowsContext) => {
        const inWords = (flows: number): string => `audited ${counted(flows, 'flow')}`;
        const onProgress = toldSeldom(tell, isTerminal, inWords);
        return services.audit(database, { sinceMs, untilMs, flowId, lateAfterMs, onProgress });
      },
    };
  },
});
