import type { CommandRecord, Deed, DeedContext } from './command-record';
import { usageFault } from './error-report';
import { age, duration, flag, flow, parseAge, wholeNumber } from './options';
import { auditOutput } from './output/audit';
import { pruneOutput, pruneProgress, recountOutput, recountProgress, toldSeldom } from './output/retention';
import { counted } from './output/words';
import type { Services } from './services';

/** What a deed works with that reads or writes flows: TypeORM's connections, too. */
type FlowsContext = DeedContext & {
  readonly database: Awaited<ReturnType<Services['openDataSource']>>;
};

const openFlows = (services: Services): Services['openDataSource'] => services.openDataSource;

/** The command that deletes old executions. */
export const pruneCommand = (): CommandRecord => ({
  name: 'prune',
  summary: 'delete old executions that are over',
  description:
    'Deletes executions that are over and older than an age, or not among the newest of their flow; with both ' +
    'options, either is enough. The last execution of each flow stays, and so does each that is pending or ' +
    'running. Works in small transactions, so that others need not wait. Safe to stop and to run again.',
  options: [
    age('older-than', 'delete those older than that: 90d, 12w, 36h, 30m'),
    wholeNumber('keep', 'delete those that are not among the newest n of their flow', 2_147_483_647),
    wholeNumber('batch-size', 'how many one transaction deletes', 10_000).default(500),
    flag('dry-run', 'count what would be deleted; delete nothing'),
  ],
  examples: [
    'prune --older-than 90d --dry-run',
    'prune --older-than 90d',
    'prune --older-than 1w --keep 100',
    'prune --keep 50 --json',
  ],
  exits: '0 when done, also where there was nothing to delete; 1 when it was refused',
  deed: ({ olderThan: olderThanMs, keep: keepPerFlow, batchSize, dryRun = false }): Deed => {
    if (olderThanMs === undefined && keepPerFlow === undefined)
      throw usageFault(
        'neither --older-than nor --keep is given, so nothing says which executions are to go',
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
    "Counts each flow's executions, and those that prune has removed, and corrects its counters and what it shows as its " +
    'last execution, beside the work of others. Says what each was and is. Safe to stop and to run again.',
  options: [flag('dry-run', 'say what is wrong; change nothing')],
  examples: ['recount --dry-run', 'recount', 'recount --json'],
  exits: '0 when all agree; 1 when --dry-run found one that does not, or when it was refused',
  deed: ({ dryRun = false }): Deed => ({
    stopsBetweenStatements: true,
    open: openFlows,
    output: recountOutput,
    run: ({ services, database, signal, onProgress: tell, isTerminal }: FlowsContext) =>
      services.recount(database, { dryRun, signal, onProgress: recountProgress(tell, isTerminal) }),
  }),
});

/** The command that tells every run that should have been. */
export const auditCommand = (): CommandRecord => ({
  name: 'audit',
  summary: 'tell every run that should have been: on time, late, skipped, missed',
  description:
    "Computes anew, from what each flow's schedule was at the time, every run that should have been, and looks for it " +
    'among the executions and in the ledger of what did not run: on time, late (by how much), skipped (why) or missed. ' +
    'What nobody has kept is unknown. Changes nothing.',
  options: [
    age('since', 'from so long ago on').default(parseAge('7d'), '7d'),
    age('until', 'until so long ago; left out, until now'),
    flow('only that flow'),
    duration('late-after', 'a run is late that begins later than that after its time', '60s'),
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
        '--until is as long ago as --since, or longer, so that nothing lies between them',
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
