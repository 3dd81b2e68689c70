import { Option, type Command } from 'commander';
import { foreignKeyNames } from '../../migrations/foreign-key-names';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import type { Run } from '../run-command';

interface RestoreOrphansOptions extends GlobalOptions {
  readonly key?: string;
}

/** `restore-orphans [--key NAME]` */
export function addRestoreOrphansCommand(program: Command, run: Run): void {
  program
    .command('restore-orphans')
    .summary('put quarantined rows back')
    .description(
      'Puts the rows back that migrate --orphans=quarantine has set aside, with all that hung on them. A row whose ' +
        'parent is still missing, or whose id is taken, stays in quarantine. Safe to stop and to run again.',
    )
    .addOption(
      new Option('--key <name>', 'only the rows that were set aside for that foreign key').choices(
        foreignKeyNames,
      ),
    )
    .addHelpText(
      'after',
      commandHelp(
        ['restore-orphans', 'restore-orphans --key fk_flows_policy', 'restore-orphans --json'],
        '0 when nothing is left in quarantine, 1 when a row could not be put back',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RestoreOrphansOptions>();
      await run.database(options, {
        stopsBetweenStatements: true,
        run: ({ services, dataSource, signal, onProgress }) =>
          services.restoreOrphans(dataSource, { key: options.key, signal, onProgress }),
        text: (texts, result, style) => texts.restoreOrphansText(result, style),
        markdown: (texts, result) => texts.restoreOrphansMarkdown(result),
      });
    });
}
