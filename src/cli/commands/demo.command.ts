import type { Command } from 'commander';
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
    .action(async () => {
      const { runDemo } = run.commandLine.load.demo();
      const ok = await run.interruptible(true, (signal) => runDemo(run.reporter, signal));
      run.exitCode = ok ? exitCodes.done : exitCodes.found;
    });
}
