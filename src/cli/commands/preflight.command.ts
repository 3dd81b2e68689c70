import type { Command } from 'commander';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import type { Run } from '../run-command';

/** `preflight` */
export function addPreflightCommand(program: Command, run: Run): void {
  program
    .command('preflight')
    .summary('show what stands in the way of migrate, and the fix')
    .description(
      'Looks for everything that would make the next migrate fail: privileges, tables of another shape, keys that ' +
        'cannot be added, rows in the way. Prints the SQL that puts each right. Changes nothing; migrate does the ' +
        'same first.',
    )
    .addHelpText(
      'after',
      commandHelp(
        ['preflight', 'preflight --json', 'preflight --config /etc/flows.json --no-color'],
        '0 when nothing stands in the way, 1 when something does',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      await run.database(command.optsWithGlobals<GlobalOptions>(), {
        stopsBetweenStatements: false,
        run: ({ services, dataSource }) => services.runPreflight(dataSource),
        text: (texts, result, style) => texts.preflightText(result, style),
        markdown: (texts, result) => texts.preflightMarkdown(result),
      });
    });
}
