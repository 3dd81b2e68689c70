import { InvalidArgumentError, Option, type Command } from 'commander';
import type { GlobalOptions } from '../command-line';
import { commandHelp } from '../help-text';
import type { Run } from '../run-command';

interface RollbackOptions extends GlobalOptions {
  readonly steps: number;
  readonly all?: boolean;
  readonly discardRows?: boolean;
  readonly plan?: boolean;
}

function parseSteps(text: string): number {
  const steps = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(steps) || steps < 1) {
    throw new InvalidArgumentError('It must be a whole number from 1.');
  }
  return steps;
}

/** `rollback [--plan] [--steps N | --all] [--discard-rows]` */
export function addRollbackCommand(program: Command, run: Run): void {
  program
    .command('rollback')
    .summary('undo the newest migrations')
    .description(
      'Undoes the newest migrations, one unless told otherwise. Refuses where rows would be lost, and says how many.',
    )
    .option('--plan', 'print the SQL, the rows that would be lost and what stands in the way; change nothing')
    .option('--steps <n>', 'how many migrations to undo', parseSteps, 1)
    .addOption(new Option('--all', 'undo every applied migration').conflicts('steps'))
    .option('--discard-rows', 'undo even where rows are lost with it')
    .addHelpText(
      'after',
      commandHelp(
        ['rollback --all --plan', 'rollback', 'rollback --steps 2', 'rollback --all --discard-rows'],
        '0 when done, 1 when it was refused; with --plan, when it would be',
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RollbackOptions>();
      const wishes = {
        steps: options.all === true ? ('all' as const) : options.steps,
        discardRows: options.discardRows === true,
      };
      if (options.plan === true) {
        await run.database(options, {
          stopsBetweenStatements: false,
          run: ({ services, dataSource }) => services.planRollback(dataSource, wishes),
          text: (texts, plan, style) => texts.rollbackPlanText(plan, style),
          markdown: (texts, plan) => texts.rollbackPlanMarkdown(plan),
        });
        return;
      }
      await run.database(options, {
        stopsBetweenStatements: true,
        run: ({ services, dataSource, signal, onProgress }) =>
          services.rollback(dataSource, { ...wishes, signal, onProgress }),
        text: (texts, result, style) => texts.rollbackText(result, style),
        markdown: (texts, result) => texts.rollbackMarkdown(result),
      });
    });
}
