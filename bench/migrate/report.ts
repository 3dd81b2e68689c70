import { middle, ms } from '../support/figures';
import { markdownTable } from '../support/markdown-table';
import { median, spread, type Spread } from '../support/statistics';
import { verdict } from '../support/verdict';
import { contestants, type ContestantName } from './contestants';
import type { ServerTurns, Turns } from './measure';

/** How many times as long as TypeORM's command line this package may take. */
const goals = { full: 1.5, noOp: 1.2 };

/** Explains the figures. */
export function explanation(turns: number): string {
  return [
    `Whole processes, from spawn to exit, ${turns} turns, every other one in reverse; medians. Node ${process.version}.`,
    "The plain DataSource's migrations execute the statements that this package plans for an empty database as raw SQL, without",
    'entities. The databases have the platform\'s tables, and no rows. The server counted "statements" and "connections".',
  ].join('\n');
}

const timesOf = (turns: Turns, name: ContestantName): Spread => spread(turns[name].map((turn) => turn.ms));

function comparison(turns: Turns): string {
  const reference = timesOf(turns, 'typeorm').median;
  return markdownTable(
    ['', 'median ms', 'middle half', "times TypeORM's", 'connections', 'statements', 'peak MiB'],
    (Object.keys(contestants) as ContestantName[]).map((name) => {
      const times = timesOf(turns, name);
      const of = (value: 'connections' | 'statements' | 'mebibytes'): string =>
        median(turns[name].map((turn) => turn[value])).toFixed(0);
      return [
        contestants[name].label,
        ms(times.median),
        middle(times),
        (times.median / reference).toFixed(2),
        of('connections'),
        of('statements'),
        of('mebibytes'),
      ];
    }),
  );
}

function judged(what: string, turns: Turns, goal: number): string {
  const [ours, typeorm] = [timesOf(turns, 'ours').median, timesOf(turns, 'typeorm').median];
  const times = ours / typeorm;
  return verdict(
    times <= goal,
    `${what} takes ${times.toFixed(2)} times as long as TypeORM's (${ms(ours)} against ${ms(typeorm)} ms; goal: at most ${goal})`,
    `${ms(ours - typeorm * goal)} ms`,
  );
}

/** The contestants on one server, and the goals. */
export function serverReport({ label, planned, full, noOp }: ServerTurns): string {
  return [
    `### ${label}`,
    '',
    `A full migrate, ${planned} statements:`,
    '',
    comparison(full),
    '',
    'A migrate that finds nothing to do:',
    '',
    comparison(noOp),
    '',
    `- ${judged('a full migrate', full, goals.full)}`,
    `- ${judged('a migrate with nothing to do', noOp, goals.noOp)}`,
  ].join('\n');
}
