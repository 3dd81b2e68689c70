import type { Command } from 'commander';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import type { Run } from '../run-command';

/** `status` */
export function addStatusCommand(program: Command, run: Run): void {
  program
    .command('status')
    .summary('show which migrations and foreign keys are there')
    .description('Shows each migration (applied, pending, unknown) and each foreign key. Changes nothing.')
    .addHelpText(
      'after',
      commandHelp(
        ['status', 'status --json'],
        '0 when up to date, 1 when something is pending, missing or unknown',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      await run.database(command.optsWithGlobals<GlobalOptions>(), {
        stopsBetweenStatements: false,
        run: ({ services, dataSource }) => services.readStatus(dataSource),
        text: (texts, status, style) => texts.statusText(status, style),
        markdown: (texts, status) => texts.statusMarkdown(status),
      });
    });
}
