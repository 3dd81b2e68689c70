import type { Command } from 'commander';
import type { OrphanChoice } from '../../engine/orphans/context';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import { orphansOption } from '../orphans-option';
import type { Run } from '../run-command';

interface AdoptOptions extends GlobalOptions {
  readonly repair?: boolean;
  readonly orphans: OrphanChoice;
  readonly allowBlocking?: boolean;
}

/** `adopt [--repair] [--orphans=report|null|quarantine] [--allow-blocking]` */
export function addAdoptCommand(program: Command, run: Run): void {
  program
    .command('adopt')
    .summary('take over tables that were made by hand')
    .description(
      'Compares the live tables with the declared ones. An exact match is recorded in the history; otherwise each ' +
        'difference is listed with the SQL that ends it. No row, and nothing that is not declared, is lost.',
    )
    .option('--repair', 'carry the repairs out, then record; what is yours to decide stops it')
    .addOption(orphansOption())
    .option('--allow-blocking', 'copy a table of any size where the server can do no other; its writers wait')
    .addHelpText(
      'after',
      commandHelp(
        ['adopt', 'adopt --repair', 'adopt --repair --orphans=quarantine', 'adopt --json'],
        '0 when recorded and nothing differs, 1 when something is left to repair or to decide',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const { repair, orphans, allowBlocking } = command.optsWithGlobals<AdoptOptions>();
      await run.database(command.optsWithGlobals<AdoptOptions>(), {
        stopsBetweenStatements: true,
        run: ({ services, dataSource, signal, onProgress }) =>
          services.adopt(dataSource, { repair: repair === true, orphans, allowBlocking, signal, onProgress }),
        text: (texts, result, style) => texts.adoptText(result, style),
        markdown: (texts, result) => texts.adoptMarkdown(result),
      });
    });
}
