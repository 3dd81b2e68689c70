/**
 * `ok`: the operation took effect. `failed`: it certainly did not. `unknown`: its answer was lost, so it may have taken effect
 * at any time after its beginning, or never.
 */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** An append of a value to a list, or a read of a whole list. */
export type Step =
  | { readonly append: string; readonly value: string }
  | { readonly read: string; readonly values: readonly string[] };

/** What an operation changed or saw, other than lists. */
export type Fact =
  /** It set the entity to the state. At most one entity of a `group` may be in the exclusive state at a time. */
  | { readonly entered: string; readonly state: string; readonly group?: string }
  /** It saw the entity in the state. */
  | { readonly saw: string; readonly state: string }
  /** It got a thing that is given only once. */
  | { readonly claimed: string }
  /** It added to a counter. */
  | { readonly added: string; readonly by: number }
  /** It saw the value of a counter. */
  | { readonly counted: string; readonly value: number }
  /** At rest, it counted the value that the counter should have. */
  | { readonly summed: string; readonly value: number }
  /** It raised a mark to at least this value. A mark never falls. */
  | { readonly raised: string; readonly to: number }
  /** It saw the value of a mark. */
  | { readonly marked: string; readonly value: number };

/** One call. All its steps and facts happen at one instant between its beginning and its end, or never. */
export interface Operation {
  readonly process: string;
  readonly call: string;
  /** By one clock for all processes. */
  readonly begin: number;
  /** Infinity if the outcome is unknown. */
  readonly end: number;
  readonly outcome: Outcome;
  readonly steps?: readonly Step[];
  readonly facts?: readonly Fact[];
  /** True for a read at rest, after all other operations: what it does not see is lost. */
  readonly final?: boolean;
}

/** An anomaly, and the operations that show it. */
export interface Anomaly {
  readonly name: AnomalyName;
  readonly says: string;
  readonly operations: readonly Operation[];
}

/** All anomalies; README.md describes each. */
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
 * Pairs the lines of a recording: `{id, at, process, call, steps, facts}` when an operation begins, with its intended effects,
 * and `{id, at, outcome, steps, facts}` when it ends, with its real effects. An operation without an end is `unknown`, and may
 * have had its intended effects. An incomplete line, which a killed process left, is ignored.
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
