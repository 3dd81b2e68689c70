import { Command } from 'commander';
import { addAdoptCommand } from './commands/adopt.command';
import { addDemoCommand } from './commands/demo.command';
import { addMigrateCommand } from './commands/migrate.command';
import { addPreflightCommand } from './commands/preflight.command';
import { addPruneCommand } from './commands/prune.command';
import { addRestoreOrphansCommand } from './commands/restore-orphans.command';
import { addRollbackCommand } from './commands/rollback.command';
import { addStatusCommand } from './commands/status.command';
import { addVerifyCommand } from './commands/verify.command';
import { connectionHelp, exitCodesHelp } from './help-text';
import { fitted, textWidth } from './output/wrap';
import { packageVersion } from '../engine/server/this-run';
import type { Run } from './run-command';

/**
 * The program with its commands and options. Parsing it throws CommanderError for help, version and usage faults
 * alike; nothing is printed but help and version.
 */
export function createProgram(run: Run): Command {
  const program = new Command('protection-flows')
    .description(
      'Brings the Sendense protection flow tables onto MySQL and MariaDB, and proves that they are there.',
    )
    .usage('<command> [options]')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--config <file>', 'the JSON file that says where to connect to')
    .option('--json', 'print exactly one JSON document on stdout')
    .option('--markdown', 'print the result as Markdown, for a pull request')
    .option('--no-color', 'print without colour; NO_COLOR does the same')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => run.commandLine.stdout.write(fitted(text)),
      writeErr: () => undefined,
      getOutHelpWidth: textWidth,
      getErrHelpWidth: textWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  $ protection-flows preflight',
        '  $ protection-flows migrate --plan',
        '  $ protection-flows migrate',
        '  $ protection-flows verify --json',
        connectionHelp,
        exitCodesHelp,
      ].join('\n'),
    );
  for (const add of [
    addMigrateCommand,
    addRollbackCommand,
    addStatusCommand,
    addPreflightCommand,
    addVerifyCommand,
    addAdoptCommand,
    addRestoreOrphansCommand,
    addPruneCommand,
    addDemoCommand,
  ]) {
    add(program, run);
  }
  return program;
}
