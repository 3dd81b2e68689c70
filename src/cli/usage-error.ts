import type { Command, CommanderError } from 'commander';
import { ProtectionFlowsError } from '../errors';

/** Commander's ways to end a run that are no faults. */
const wanted = ['commander.helpDisplayed', 'commander.version'];

/** True where commander has printed what was asked for, and there is nothing left to do. */
export function isHelpOrVersion({ code, exitCode }: CommanderError): boolean {
  return wanted.includes(code) || (code === 'commander.help' && exitCode === 0);
}

/** Commander's complaint as an error of this package: its message, and its guess as the fix. */
export function usageError(error: CommanderError, program: Command): ProtectionFlowsError {
  const commands = program.commands.map((command) => command.name()).join(', ');
  if (error.code === 'commander.help') {
    return new ProtectionFlowsError('USAGE', {
      message: 'no command was given',
      remedy: `Give one of: ${commands}; protection-flows --help explains them.`,
    });
  }
  const [message = '', guess] = error.message.replace(/^error: /, '').split(/\n\(?/);
  const suggestion = guess?.replace(/\)$/, '');
  const help = 'protection-flows --help.';
  const remedy =
    suggestion ?? (error.code === 'commander.unknownCommand' ? `The commands are: ${commands};` : null);
  return new ProtectionFlowsError('USAGE', {
    message,
    remedy: remedy === null ? `See ${help}` : `${remedy} See ${help}`,
    details: { reason: error.code.replace(/^commander\./, '') },
  });
}
