import type { Command } from 'commander';
import { ProtectionFlowsError } from '../../errors';
import { parseAge } from '../age';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import { pruneProgress } from '../output/prune-progress';
import type { Run } from '../run-command';
import { parseWholeNumber } from '../whole-number';

interface PruneOptions extends GlobalOptions {
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly keep?: number;
  readonly batchSize: number;
  readonly dryRun?: boolean;
}

const defaultBatchSize = 500;
/** What RetentionRepository takes at most. */
const largest = { keep: 2_147_483_647, batchSize: 10_000 } as const;

function assertLimited({ olderThan, keep }: PruneOptions): void {
  if (olderThan !== undefined || keep !== undefined) return;
  throw new ProtectionFlowsError('USAGE', {
    message: 'neither --older-than nor --keep is given, so nothing says which executions are to go',
    remedy: 'Give --older-than 90d, --keep 100, or both. See protection-flows prune --help.',
  });
}

/** `prune [--older-than AGE] [--keep N] [--batch-size N] [--dry-run]` */
export function addPruneCommand(program: Command, run: Run): void {
  program
    .command('prune')
    .summary('delete old executions that are over')
    .description(
      'Deletes executions that are over, in small transactions beside the work of others: those older than an age, ' +
        "and those beyond the newest so many of their flow; either is enough. A flow's last execution stays, and so " +
        'does each that is pending or running. Safe to stop and to run again.',
    )
    // The second argument that commander passes is the value given before
    .option('--older-than <age>', 'delete those older than that: 90d, 12w, 36h, 30m', (text) =>
      parseAge(text),
    )
    .option('--keep <n>', 'delete those beyond the newest n of their flow', (text) =>
      parseWholeNumber(text, largest.keep),
    )
    .option(
      '--batch-size <n>',
      'how many one transaction deletes',
      (text) => parseWholeNumber(text, largest.batchSize),
      defaultBatchSize,
    )
    .option('--dry-run', 'count what would be deleted; delete nothing')
    .addHelpText(
      'after',
      commandHelp(
        [
          'prune --older-than 90d --dry-run',
          'prune --older-than 90d',
          'prune --older-than 1w --keep 100',
          'prune --keep 50 --json',
        ],
        '0 when done, also where there was nothing to delete; 1 when it was refused',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PruneOptions>();
      assertLimited(options);
      const { olderThan: olderThanMs, keep: keepPerFlow, batchSize, dryRun = false } = options;
      const isTerminal = run.commandLine.stderr.isTTY === true;
      await run.database(options, {
        stopsBetweenStatements: true,
        run: ({ services, dataSource, signal, onProgress }) =>
          services.prune(dataSource, {
            olderThanMs,
            keepPerFlow,
            batchSize,
            dryRun,
            signal,
            onProgress: pruneProgress(onProgress, { isTerminal, dryRun }),
          }),
        text: (texts, result, style) => texts.pruneText(result, style),
        markdown: (texts, result) => texts.pruneMarkdown(result),
      });
    });
}
