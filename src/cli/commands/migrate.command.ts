import type { Command } from 'commander';
import type { OrphanChoice } from '../../engine/orphans/context';
import { commandHelp } from '../help-text';
import type { GlobalOptions } from '../command-line';
import { orphansOption } from '../orphans-option';
import type { Run } from '../run-command';

interface MigrateOptions extends GlobalOptions {
  readonly plan?: boolean;
  readonly orphans: OrphanChoice;
  readonly allowBlocking?: boolean;
}

/** `migrate [--plan] [--orphans=report|null|quarantine] [--allow-blocking]` */
export function addMigrateCommand(program: Command, run: Run): void {
  program
    .command('migrate')
    .summary('bring the tables and foreign keys onto the database')
    .description(
      'Looks for what stands in the way, then applies the pending migrations and adds every foreign key that is ' +
        'absent. Safe to run again, and from many processes at once.',
    )
    .option('--plan', 'print the findings and the SQL; change nothing')
    .addOption(orphansOption())
    .option('--allow-blocking', 'copy a table of any size where the server can do no other; its writers wait')
    .addHelpText(
      'after',
      commandHelp(
        ['migrate --plan', 'migrate', 'migrate --orphans=quarantine', 'migrate --json'],
        '0 when done, 1 when something stands in the way',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<MigrateOptions>();
      const wishes = { orphans: options.orphans, allowBlocking: options.allowBlocking };
      if (options.plan === true) {
        await run.database(options, {
          stopsBetweenStatements: false,
          run: ({ services, dataSource }) => services.planMigrate(dataSource, wishes),
          text: (texts, plan, style) => texts.planText(plan, style),
          markdown: (texts, plan) => texts.planMarkdown(plan),
        });
        return;
      }
      await run.database(options, {
        stopsBetweenStatements: true,
        run: ({ services, dataSource, signal, onProgress }) =>
          services.migrate(dataSource, { ...wishes, signal, onProgress }),
        text: (texts, result, style) => texts.migrateText(result, style),
        markdown: (texts, result) => texts.migrateMarkdown(result),
      });
    });
}
