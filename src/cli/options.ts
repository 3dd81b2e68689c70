import { Argument, InvalidArgumentError, Option } from 'commander';
import { timestampRange } from '../domain';
import { orphanChoices, type OrphanChoice } from '../engine/orphans/context';
import { declaredSchema } from '../migrations';
import { schedulesQuestion } from '../migrations/schedules-question';

/** The options as they were given: those of every command, and those of some. */
export interface Options {
  readonly config?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly verbose?: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  readonly plan?: boolean;
  readonly repair?: boolean;
  readonly schedules?: keyof typeof schedulesQuestion.answers;
  readonly orphans: OrphanChoice;
  readonly allowBlocking?: boolean;
  readonly steps: number;
  readonly all?: boolean;
  readonly discardRows?: boolean;
  readonly key?: string;
  readonly strict?: boolean;
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly keep?: number;
  readonly batchSize: number;
  readonly dryRun?: boolean;
  /** The word behind the command, where it takes one. */
  readonly action?: string;
}

/** An option that is given or not. */
export const flag = (name: string, description: string): Option => new Option(`--${name}`, description);

/** A word behind the command that says what it is to do. */
export const action = (choices: readonly string[], description: string): Argument =>
  new Argument('<action>', description).choices(choices);

/** An option whose value is a whole number from 1. The last one given counts. */
export const wholeNumber = (name: string, description: string, most: number): Option =>
  new Option(`--${name} <n>`, description).argParser((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return value;
  });

/** What is to become of rows whose parent does not exist, and what a change may cost. */
export const changes = (): Option[] => [
  new Option(
    '--orphans <choice>',
    'rows whose parent does not exist: report them and refuse the key, set the reference to null, or set them aside in sendense_flow_orphans_… (quarantine)',
  )
    .choices(orphanChoices)
    .default('report'),
  flag(
    'allow-blocking',
    'copy a table of any size where the server cannot change it in place; writers wait meanwhile',
  ),
];

/** Whether flows that never ran by their schedule may do so now. */
export const schedules = (): Option =>
  new Option(
    `--${schedulesQuestion.id} <choice>`,
    'flows that are enabled and never ran by their schedule: let them run (on), or disable them (off)',
  ).choices(Object.keys(schedulesQuestion.answers));

/** One of the declared foreign keys. */
export const key = (description: string): Option =>
  new Option('--key <name>', description).choices(
    [...declaredSchema.values()].flatMap(({ foreignKeys }) => foreignKeys.map(({ name }) => name)),
  );

/** An age in milliseconds. */
export const age = (name: string, description: string): Option =>
  // commander's second argument is the value given before
  new Option(`--${name} <age>`, description).argParser((text) => parseAge(text));

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const unitMs: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs };

/**
 * An age as an option gives it: a whole number from 1 and its unit, as `30m`, `36h`, `90d` or `12w`. A day has 24 hours.
 *
 * @param nowMs the instant that it is reckoned back from
 * @returns milliseconds
 * @throws InvalidArgumentError for any other form, and for an age that reaches back beyond what the columns can hold
 */
export function parseAge(text: string, nowMs = Date.now()): number {
  const [, count = '', unit = ''] = /^(\d+)([mhdw])$/.exec(text) ?? [];
  const ageMs = Number(count) * (unitMs[unit] ?? 0);
  if (ageMs === 0) {
    throw new InvalidArgumentError(
      'It must be a whole number from 1 and its unit: 30m (minutes), 36h (hours), 90d (days) or 12w (weeks).',
    );
  }
  if (nowMs - ageMs < timestampRange.from) {
    const mostDays = Math.floor((nowMs - timestampRange.from) / dayMs);
    throw new InvalidArgumentError(`No run is older than 1970: it must be at most ${mostDays}d.`);
  }
  return ageMs;
}
