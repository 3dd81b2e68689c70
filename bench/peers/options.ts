import { parseArgs } from 'node:util';
import type { ServerWish } from '../../src/testing';
import { list, numberOf, wishOf } from '../support/options';

/** The parts of `npm run bench:peers`, in the order of measurement. */
export const peerParts = ['operations', 'memory', 'cold-start', 'cli', 'keys'] as const;

/** One of them. */
export type PeerPart = (typeof peerParts)[number];

/** What `npm run bench:peers` measures. */
export interface PeerOptions {
  readonly servers: readonly ServerWish[];
  /** Executions of the 10,000 flows. */
  readonly rows: number;
  /** Rows of the table that gets a key. */
  readonly keyRows: number;
  /** How often each contestant does each operation; whole processes run a tenth as often, but at least five times. */
  readonly rounds: number;
  readonly parts: ReadonlySet<PeerPart>;
}

const defaults = { server: 'mariadb-10.11', rows: '300_000', 'key-rows': '1_000_000', rounds: '100' };

export const usage = `npm run bench:peers -- [--server NAMES] [--rows N] [--key-rows N] [--rounds N] [--only PARTS]

  --server    one or more of mariadb, mariadb-10.11, mysql-9.7 (default: ${defaults.server})
  --rows      executions of the 10,000 flows (default: ${defaults.rows})
  --key-rows  rows of the table that gets a foreign key (default: ${defaults['key-rows']})
  --rounds    how often each contestant does each operation (default: ${defaults.rounds}); whole processes run a tenth as often
  --only      one or more of ${peerParts.join(', ')} (default: all)

\`npm ci\` installs missing packages of the other tools into bench/peers.`;

function partsOf(text: string): ReadonlySet<PeerPart> {
  const names = list(text);
  const unknown = names.filter((name) => !peerParts.some((part) => part === name));
  if (unknown.length > 0)
    throw new Error(`no parts: ${unknown.join(', ')}; there are ${peerParts.join(', ')}`);
  return new Set(peerParts.filter((part) => names.includes(part)));
}

/**
 * Reads the command line; throws one error that names every fault.
 *
 * @returns null if help is wanted
 */
export function peerOptions(args: readonly string[]): PeerOptions | null {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: text,
      rows: text,
      'key-rows': text,
      rounds: text,
      only: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return null;
  const faults: string[] = [];
  function read<Value>(name: string, parse: () => Value): Value {
    try {
      return parse();
    } catch (error) {
      faults.push(`--${name}: ${(error as Error).message}`);
      return undefined as Value;
    }
  }
  const options = {
    servers: read('server', () => list(values.server ?? defaults.server).map(wishOf)),
    rows: read('rows', () => numberOf(values.rows ?? defaults.rows)),
    keyRows: read('key-rows', () => numberOf(values['key-rows'] ?? defaults['key-rows'])),
    rounds: read('rounds', () => numberOf(values.rounds ?? defaults.rounds)),
    parts: read('only', () => partsOf(values.only ?? peerParts.join(','))),
  };
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return options;
}
