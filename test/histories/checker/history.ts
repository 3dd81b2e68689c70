/**
 * `ok`: it took effect. `failed`: it surely did not. `unknown`: its answer was lost, so it may have taken effect at any time
 * from its beginning on, or not at all.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** A value that is put at the end of a list, or a list that is read as a whole. */
export type Step =
  | { readonly append: string; readonly value: string }
  | { readonly read: string; readonly values: readonly string[] };

/** What an operation did to, or saw of, things that are no lists. */
export type Fact =
  /** It brought the entity into the state; where told, the entity is one of a group of which one at a time may be under way. */
  | { readonly entered: string; readonly state: string; readonly group?: string }
  /** It saw the entity in that state. */
  | { readonly saw: string; readonly state: string }
  /** It was given something that is given once. */
  | { readonly claimed: string }
  /** It added to a counter. */
  | { readonly added: string; readonly by: number }
  /** It saw a counter. */
  | { readonly counted: string; readonly value: number }
  /** At rest, it counted itself what the counter should hold. */
  | { readonly summed: string; readonly value: number }
  /** It raised a mark to at least this; a mark never falls. */
  | { readonly raised: string; readonly to: number }
  /** It saw a mark. */
  | { readonly marked: string; readonly value: number };

/** One call, all of whose steps and facts happen at one instant between its beginning and its end, or not at all. */
export interface Operation {
  readonly process: string;
  readonly call: string;
  /** On one clock for all processes. */
  readonly begin: number;
  /** Infinity where the outcome is unknown. */
  readonly end: number;
  readonly outcome: Outcome;
  readonly steps?: readonly Step[];
  readonly facts?: readonly Fact[];
  /** Read after all others had ended, at rest: what it does not see is lost. */
  readonly final?: boolean;
}

/** What was found, and the operations that show it. */
export interface Anomaly {
  readonly name: AnomalyName;
  readonly says: string;
  readonly operations: readonly Operation[];
}

/** Every anomaly that there is; README.md says what each is. */
export const anomalyNames = [
  'garbage-read',
  'duplicate-element',
  'incompatible-order',
  'internal',
  'G1a',
  'G1b',
  'lost-append',
  'stale-read',
  'future-read',
  'G0',
  'G1c',
  'G-single',
  'G2',
  'claimed-twice',
  'two-at-once',
  'entered-twice',
  'left-terminal-state',
  'went-back',
  'lost-transition',
  'stale-state',
  'state-from-nowhere',
  'never-ended',
  'lost-count',
  'stale-count',
  'counted-twice',
  'differs-from-sum',
  'lost-mark',
  'stale-mark',
  'mark-from-nowhere',
] as const;

/** The name of an anomaly. */
export type AnomalyName = (typeof anomalyNames)[number];

/** A line of a recording: an operation begins, or ends. */
interface Line {
  readonly id: string;
  readonly at: number;
  readonly process?: string;
  readonly call?: string;
  readonly outcome?: Outcome;
  readonly steps?: readonly Step[];
  readonly facts?: readonly Fact[];
  readonly final?: boolean;
}

/**
 * Pairs the lines of a recording: `{id, at, process, call, steps, facts}` where an operation begins, with what it is to
 * do, and `{id, at, outcome, steps, facts}` where it ends, with what it did. One that never ended is `unknown`, and may
 * have done what it was to do. Half a line at the end of a recording, whose process was killed, is left out.
 */
export function readOperations(lines: Iterable<string>): Operation[] {
  const begun = new Map<string, Line>();
  const operations: Operation[] = [];
  const add = (begin: Line, end: Line | null): void => {
    const { steps, facts } = end === null || end.outcome !== 'ok' ? begin : end;
    operations.push({
      process: begin.process ?? '',
      call: begin.call ?? '',
      begin: begin.at,
      end: end === null || end.outcome === 'unknown' ? Infinity : end.at,
      outcome: end?.outcome ?? 'unknown',
      ...(steps === undefined ? {} : { steps }),
      ...(facts === undefined ? {} : { facts }),
      ...(begin.final === true ? { final: true } : {}),
    });
  };
  for (const text of lines) {
    if (!text.endsWith('}')) continue;
    const line = JSON.parse(text) as Line;
    const begin = begun.get(line.id);
    if (begin === undefined) begun.set(line.id, line);
    else {
      begun.delete(line.id);
      add(begin, line);
    }
  }
  for (const begin of begun.values()) add(begin, null);
  return operations.sort((one, other) => one.begin - other.begin);
}
