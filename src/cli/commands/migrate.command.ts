import type { Command } from 'commander';
import { commandHelp } from '../help-text';
import type { GlobalOptions } from '../command-line';
import type { Run } from '../run-command';

interface MigrateOptions extends GlobalOptions {
  readonly plan?: boolean;
}

/** `migrate [--plan]` */
export function addMigrateCommand(program: Command, run: Run): void {
  program
    .command('migrate')
    .summary('bring the tables and foreign keys onto the database')
    .description(
      'Looks for what stands in the way, then applies the pending migrations and adds every foreign key that is ' +
        'absent. Safe to run again, and from many processes at once.',
    )
    .option('--plan', 'print the findings and the SQL; change nothing')
    .option('--markdown', 'print the result as Markdown, for a pull request')
    .addHelpText(
      'after',
      commandHelp(
        ['migrate --plan', 'migrate', 'migrate --json'],
        '0 when done, 1 when something stands in the way',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<MigrateOptions>();
      if (options.plan === true) {
        await run.database(options, {
          stopsBetweenStatements: false,
          run: ({ services, dataSource }) => services.planMigrate(dataSource),
          text: (texts, plan, style) => texts.planText(plan, style),
          markdown: (texts, plan) => texts.planMarkdown(plan),
        });
        return;
      }
      await run.database(options, {
        stopsBetweenStatements: true,
        run: ({ services, dataSource, signal, onProgress }) =>
          services.migrate(dataSource, { signal, onProgress }),
        text: (texts, result, style) => texts.migrateText(result, style),
        markdown: (texts, result) => texts.migrateMarkdown(result),
      });
    });
}
