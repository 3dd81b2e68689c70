import type { Command } from 'commander';
import { ProtectionFlowsError } from '../../errors';
import type { GlobalOptions } from '../command-line';
import { exitCodes } from '../exit-codes';
import type { Run } from '../run-command';

/** `demo` */
export function addDemoCommand(program: Command, run: Run): void {
  program
    .command('demo')
    .summary('show it all on a private database server')
    .description(
      "Starts a private server with the platform's tables, migrates it, writes real rows, verifies, rolls back and " +
        'removes the server. Needs no configuration.',
    )
    .addHelpText(
      'after',
      [
        '',
        'Example:',
        '  $ protection-flows demo',
        '',
        'Exit code: 0 when everything went as it should, 1 when not; 2 when it failed.',
      ].join('\n'),
    )
    .action(async (_options: unknown, command: Command) => {
      if (command.optsWithGlobals<GlobalOptions>().markdown === true) throw noMarkdown();
      const { runDemo } = run.commandLine.load.demo();
      const ok = await run.interruptible(true, (signal) => runDemo(run.reporter, signal));
      run.exitCode = ok ? exitCodes.done : exitCodes.found;
    });
}

const noMarkdown = (): ProtectionFlowsError =>
  new ProtectionFlowsError('USAGE', {
    message: 'demo shows what it does as it goes, and has no result to print as Markdown',
    remedy: 'Leave out --markdown.',
  });
