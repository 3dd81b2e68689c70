import { Argument, InvalidArgumentError, Option } from 'commander';
import { id } from '../arguments';
import { timestampRange } from '../domain';
import { orphanChoices, type OrphanChoice } from '../engine/orphans/context';
import type { FieldFault } from '../errors';
import { declaredSchema } from '../migrations';
import { schedulesQuestion } from '../migrations/schedules-question';

/** The options of all commands, as they were given. */
export interface Options {
  readonly config?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly verbose?: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  readonly plan?: boolean;
  readonly out?: string;
  readonly planFile?: string;
  readonly repair?: boolean;
  readonly schedules?: keyof typeof schedulesQuestion.answers;
  readonly orphans: OrphanChoice;
  readonly allowBlocking?: boolean;
  readonly steps: number;
  readonly all?: boolean;
  readonly discardRows?: boolean;
  readonly key?: string;
  readonly strict?: boolean;
  readonly html?: string;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly since: number;
  readonly until?: number;
  readonly lateAfter?: number;
  readonly flow?: string;
  readonly timeout: number;
  readonly keep?: number;
  readonly batchSize: number;
  readonly dryRun?: boolean;
  /** The word after the command, for a command that takes one. */
  readonly action?: string;
}

/** An option without a value. */
export const flag = (name: string, description: string): Option => new Option(`--${name}`, description);

/** A word after the command that says what the command does. */
export const action = (choices: readonly string[], description: string): Argument =>
  new Argument('<action>', description).choices(choices);

/** An option whose value is a whole number from 1 to `most`. If it is given twice, the last one counts. */
export const wholeNumber = (name: string, description: string, most: number): Option =>
  new Option(`--${name} <n>`, description).argParser((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return value;
  });

/** An option whose value is a file name. Refuses a value that begins with `-`: its file was probably forgotten. */
export const file = (name: string, description: string): Option =>
  new Option(`--${name} <file>`, description).argParser((text) => {
    if (text === '' || text.startsWith('-'))
      throw new InvalidArgumentError(
        'It must be the name of a file; write ./-name for a name that begins with -.',
      );
    return text;
  });

/** `--html`: the file to write the result to as a page. */
export const page = (): Option =>
  file('html', 'also write the result to this file, as one self-contained page');

/** `--plan`, `--out` and `--plan-file`: whether a migrate only plans, and where its plan is kept or comes from. */
export const plans = (): Option[] => [
  flag('plan', 'print the findings and the SQL; change nothing'),
  file('out', 'only plan, and keep the plan in this file').implies({ plan: true }),
  file('plan-file', 'carry out the plan in this file; refuse if anything has changed since').conflicts([
    'plan',
    'orphans',
    'allowBlocking',
  ]),
];

/** `--orphans` and `--allow-blocking`: what to do with rows whose parent does not exist, and what a change may cost. */
export const changes = (): Option[] => [
  new Option(
    '--orphans <choice>',
    'rows whose parent does not exist: report them and refuse the key, set the reference to null, or move them to sendense_flow_orphans_… (quarantine)',
  )
    .choices(orphanChoices)
    .default('report'),
  flag(
    'allow-blocking',
    'copy a table of any size if the server cannot change it in place; writers wait meanwhile',
  ),
];

/** `--schedules`: whether flows that never ran by their schedule may run now. */
export const schedules = (): Option =>
  new Option(
    `--${schedulesQuestion.id} <choice>`,
    'enabled flows that never ran by their schedule: let them run (on) or disable them (off)',
  ).choices(Object.keys(schedulesQuestion.answers));

/** `--key`: one of the declared foreign keys. */
export const key = (description: string): Option =>
  new Option('--key <name>', description).choices(
    [...declaredSchema.values()].flatMap(({ foreignKeys }) => foreignKeys.map(({ name }) => name)),
  );

/** An option whose value is an age; read as milliseconds. */
export const age = (name: string, description: string): Option =>
  // commander's second argument is the value given before
  new Option(`--${name} <age>`, description).argParser((text) => parseAge(text));

/** `--flow`: a flow's id. */
export const flow = (description: string): Option =>
  new Option('--flow <id>', description).argParser((text) => {
    const faults: FieldFault[] = [];
    const read = id(text, 'It', faults);
    for (const { constraints } of faults)
      throw new InvalidArgumentError(`${Object.values(constraints).join('; ')}.`);
    return read;
  });

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
const unitMs = { ms: 1, s: 1000, m: minuteMs, h: 60 * minuteMs, d: dayMs, w: 7 * dayMs } as const;

/**
 * Reads a whole number from 1 with its unit, as milliseconds. A day has 24 hours.
 *
 * @param examples the allowed units, each with an example
 */
function parseTime(text: string, examples: Partial<Record<keyof typeof unitMs, string>>): number {
  const [, count = '', unit = ''] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
  const ms = unit in examples ? Number(count) * unitMs[unit as keyof typeof unitMs] : 0;
  if (ms > 0) return ms;
  const listed = Object.values(examples)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ');
  throw new InvalidArgumentError(`It must be a whole number from 1 and its unit: ${listed}.`);
}

/** An option whose value is a time of at most a day; read as milliseconds. `otherwise` is its default. */
export const duration = (name: string, description: string, otherwise: string): Option => {
  const parse = (text: string): number => {
    const ms = parseTime(text, { ms: '500ms', s: '60s', m: '5m (minutes)', h: '1h (hours)' });
    if (ms > dayMs) throw new InvalidArgumentError('It must be at most 24h.');
    return ms;
  };
  return new Option(`--${name} <time>`, description).argParser(parse).default(parse(otherwise), otherwise);
};

/**
 * Reads an age: `30m`, `36h`, `90d` or `12w`.
 *
 * @param nowMs the instant that the age ends at
 * @returns milliseconds
 * @throws InvalidArgumentError for any other form, and for an age that begins before the first time a column can hold
 */
export function parseAge(text: string, nowMs = Date.now()): number {
  const ageMs = parseTime(text, { m: '30m (minutes)', h: '36h (hours)', d: '90d (days)', w: '12w (weeks)' });
  if (nowMs - ageMs < timestampRange.from) {
    const mostDays = Math.floor((nowMs - timestampRange.from) / dayMs);
    throw new InvalidArgumentError(`No run is older than 1970: it must be at most ${mostDays}d.`);
  }
  return ageMs;
}
