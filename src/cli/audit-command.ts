import { ProtectionFlowsError } from '../errors';
import { deed, type CommandRecord } from './command-record';
import { age, duration, flow, parseAge } from './options';
import { auditOutput } from './output/audit';
import { toldSeldom } from './output/prune';
import { counted } from './output/words';

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
  deed: ({ since: sinceMs, until: untilMs, flow: flowId, lateAfter: lateAfterMs }) => {
    if (untilMs !== undefined && untilMs >= sinceMs) throw noWindow();
    return deed({
      open: (services) => services.openDataSource,
      run: ({ services, database, onProgress: tell, isTerminal }) => {
        const onProgress = toldSeldom(
          tell,
          isTerminal,
          (flows: number) => `audited ${counted(flows, 'flow')}`,
        );
        return services.audit(database, { sinceMs, untilMs, flowId, lateAfterMs, onProgress });
      },
      output: auditOutput,
    });
  },
});

const noWindow = (): ProtectionFlowsError =>
  new ProtectionFlowsError('USAGE', {
    message: '--until is as long ago as --since, or longer, so that nothing lies between them',
    remedy: 'Give a shorter age to --until, or leave it out. See protection-flows audit --help.',
  });
