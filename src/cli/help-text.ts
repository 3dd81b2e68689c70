import { textWidth, wrap } from './output/wrap';

/** Where the connection comes from, for --help. */
export const connectionHelp = `
Connection, the first of these that is there:
  --config FILE     a JSON file, see ormconfig.example.json
  DATABASE_URL      mysql://USER:PASSWORD@HOST:PORT/DATABASE
                    (special characters percent-encoded: @ is %40, # is %23)
  DB_HOST DB_PORT DB_SOCKET DB_USERNAME DB_PASSWORD (or DB_PASSWORD_FILE)
  DB_DATABASE DB_TYPE DB_POOL_SIZE DB_SSL_CA
  ormconfig.json    in the current folder`;

/** What the exit codes mean, for --help. */
export const exitCodesHelp = `
Exit codes:
  0   done, or proven
  1   something was found or refused; the output says what to do
  2   it failed after trying to connect
  64  a fault visible before connecting: usage or configuration
  130 quit by a second Ctrl-C`;

/** The foot of a command's help. */
export function commandHelp(examples: readonly string[], exits: string): string {
  return [
    '',
    'Examples:',
    ...examples.map((example) => `  $ protection-flows ${example}`),
    '',
    ...wrap(`Exit code: ${exits}; 2 when it failed, 64 before connecting.`, textWidth()),
    'Where the connection comes from: protection-flows --help',
  ].join('\n');
}
