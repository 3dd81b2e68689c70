import type { Command } from 'commander';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import type { Run } from '../run-command';

interface VerifyOptions extends GlobalOptions {
  readonly strict?: boolean;
}

/** `verify [--strict]` */
export function addVerifyCommand(program: Command, run: Run): void {
  program
    .command('verify')
    .summary('prove that everything is there and behaves')
    .description(
      'Compares the live schema with the declared one, then tries the constraints with rows of its own, in one ' +
        'transaction that is rolled back. Leaves no trace.',
    )
    .option('--strict', 'fail on deferred foreign keys too')
    .addHelpText(
      'after',
      commandHelp(
        ['verify', 'verify --strict', 'verify --json > proof.json'],
        '0 when proven, 1 when not proven',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<VerifyOptions>();
      await run.database(options, {
        stopsBetweenStatements: false,
        run: ({ services, dataSource }) => services.verify(dataSource, { strict: options.strict === true }),
        text: (texts, report, style) => texts.verifyText(report, style),
        markdown: (texts, report) => texts.verifyMarkdown(report),
      });
    });
}
