import { Command, type CommanderError } from 'commander';
import type { ProtectionFlowsError } from '../errors';
import { packageVersion } from '../migrations/this-package';
import type { CommandRecord } from './command-record';
import { commands } from './commands';
import { usageFault } from './error-report';
import { file, type Options } from './options';
import { fitted, textWidth, wrap } from './output/wrap';

const foot = `
Examples:
  $ protection-flows preflight
  $ protection-flows migrate --plan
  $ protection-flows migrate
  $ protection-flows verify --json

Connection: the first of these that is given
  --config FILE     a JSON file, see ormconfig.example.json
  DATABASE_URL      mysql://USER:PASSWORD@HOST:PORT/DATABASE
                    (special characters percent-encoded: @ is %40, # is %23)
  DB_HOST DB_PORT DB_SOCKET DB_USERNAME DB_PASSWORD (or DB_PASSWORD_FILE)
  DB_DATABASE DB_TYPE DB_POOL_SIZE DB_SSL_CA
  ormconfig.json    in the current folder

Exit codes:
  0   done, or proven
  1   something was found or refused; the output says what to do
  2   failed after trying to connect
  64  wrong usage or configuration; it did not try to connect
  130 quit by a second Ctrl-C`;

function footOf({ examples, exits, deed }: CommandRecord): string {
  return [
    '',
    'Examples:',
    ...examples.map((example) => `  $ protection-flows ${example}`),
    '',
    ...wrap(
      `Exit code: ${exits}; 2 when it failed after trying to connect; 64 for wrong usage or configuration.`,
      textWidth(),
    ),
    ...(deed === null ? [] : ['How to give the connection: protection-flows --help']),
  ].join('\n');
}

/**
 * Creates the program with its commands and options. Its parsing throws CommanderError for help, version and wrong usage.
 *
 * @param print receives the help or the version, piece by piece
 * @param perform executes the command that was parsed
 */
export function createProgram(
  print: (text: string) => void,
  perform: (record: CommandRecord, options: Options) => Promise<void>,
): Command {
  const program = new Command('protection-flows')
    .description(
      'Creates and updates the Sendense protection flow tables on MySQL and MariaDB, and proves that they work.',
    )
    .usage('<command> [options]')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addOption(file('config', 'JSON file that says where to connect'))
    .option('--json', 'print exactly one JSON document on stdout')
    .option('--markdown', 'print the result as Markdown, for a pull request')
    .option('--verbose', 'print each SQL statement and its milliseconds on stderr')
    .option('--no-color', 'print without colour; NO_COLOR does the same')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => print(fitted(text)),
      writeErr: () => undefined,
      getOutHelpWidth: textWidth,
      getErrHelpWidth: textWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('after', foot);
  for (const record of commands()) {
    const command = program
      .command(record.name)
      .summary(record.summary)
      .description(record.description)
      .addHelpText('after', () => footOf(record))
      .action(() =>
        perform(record, {
          ...command.optsWithGlobals<Options>(),
          action: command.processedArgs[0] as string,
        }),
      );
    if (record.action !== undefined) command.addArgument(record.action);
    for (const option of record.options) command.addOption(option);
  }
  return program;
}

/** True if commander has printed the help or the version: no command is left to run. */
export function isHelpOrVersion({ code, exitCode }: CommanderError): boolean {
  if (code === 'commander.help') return exitCode === 0;
  return code === 'commander.helpDisplayed' || code === 'commander.version';
}

/** Two options of the same meaning. A command has at most one of them; whoever gives the other one gets this hint. */
const sameMeaning: Readonly<Record<string, string>> = { '--dry-run': '--plan', '--plan': '--dry-run' };

/** A hint for wrong usage that commander has no guess for: the option probably meant, or what the command takes. */
function hintFor({ code, message }: CommanderError, command: Command): string | undefined {
  if (code === 'commander.missingArgument')
    return `Give one of: ${command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices).join(', ')}.`;
  if (code !== 'commander.unknownOption') return undefined;
  const given = /'(--?[^='\s]+)/.exec(message)?.[1] ?? '';
  const longOf = ({ options }: Command): string[] => options.flatMap(({ long }) => long ?? []);
  const options = longOf(command);
  const meant = [...options, ...(command.parent === null ? [] : longOf(command.parent))].find(
    (one) => one === sameMeaning[given] || (given.length > 3 && one.startsWith(given)),
  );
  if (meant !== undefined) return `Did you mean ${meant}?`;
  return options.length > 0
    ? `The options of ${command.name()} are: ${options.join(', ')}.`
    : `${command.name()} has no options of its own.`;
}

/** Turns commander's error into USAGE: its message, with its guess as the fix. */
export function usageError(error: CommanderError, program: Command): ProtectionFlowsError {
  const names = program.commands.map((command) => command.name()).join(', ');
  if (error.code === 'commander.help')
    return usageFault(
      program.args.length > 1 ? `unknown command '${program.args[1]}'` : 'no command was given',
      `Give one of: ${names}; protection-flows --help explains them.`,
    );
  const [message = '', guess] = error.message.replace(/^error: /, '').split(/\n\(?/);
  const suggestion = guess?.replace(/\)$/, '');
  const known = error.code === 'commander.unknownCommand' ? `The commands are: ${names}.` : null;
  const command = program.commands.find((one) => one.name() === program.args[0]);
  const hint = suggestion ?? known ?? (command && hintFor(error, command));
  const help = ['protection-flows', command?.name(), '--help'].filter(Boolean).join(' ');
  const remedy = [hint, `See ${help}.`].filter(Boolean).join(' ');
  return usageFault(message, remedy, error.code.replace(/^commander\./, ''));
}
