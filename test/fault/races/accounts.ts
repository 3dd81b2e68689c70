import { type Answer, type Call, subjectOf } from './calls';
import type { RunRow } from '../random-histories-state';
import { isOver, isSettledRight, metadataOf, missingJobs } from './laws';
import { flowId, type Committed } from './world';

/** A call with its answer, and the indexes of the committed moments between which it was under way. */
export interface Entry {
  readonly actor: string;
  readonly call: Call;
  readonly answer: Answer;
  readonly from: number;
  readonly to: number;
}

/** For each error code: the fact that justifies it. It must hold at a moment while the call was under way. */
const reasons: Readonly<Record<string, (at: Committed, entry: Entry) => boolean>> = {
  FLOW_STILL_RUNNING: (at, { call, answer }) =>
    [...at.runs.values()].some(
      (run) =>
        'flow' in call &&
        run.flow_id === flowId(call.flow) &&
        run.status === 'running' &&
        run.id === answer.details?.['executionId'],
    ),
  FLOW_NOT_FOUND: (at, { call }) => 'flow' in call && !at.flows.has(flowId(call.flow)),
  EXECUTION_NOT_FOUND: (at, { call }) => !at.runs.has(subjectOf(call) ?? ''),
  TRANSITION_REFUSED: (at, { call }) => at.runs.get(subjectOf(call) ?? '')?.status === 'pending',
  ID_TAKEN: (at, { call }) => call.do === 'start' && at.runs.has(subjectOf(call)!),
};

/** True if a committed moment justifies the answer false. */
function isRightlyFalse(at: Committed, { call }: Entry): boolean {
  const run = at.runs.get(subjectOf(call) ?? '');
  switch (call.do) {
    case 'begin':
      return run !== undefined && run.status !== 'pending';
    case 'progress':
      return run !== undefined && run.status !== 'running';
    case 'acknowledge':
      return run?.status !== 'cancelled' || 'cancel_acknowledged_at' in metadataOf(run);
    case 'resume':
      return Number(at.flows.get(flowId(call.flow))?.is_paused ?? 0) === 0;
    case 'settle':
      return true;
    default:
      return run !== undefined && isOver(run);
  }
}

/** True if a committed moment shows what the call says it did. */
function isRightlyTrue(at: Committed, { call }: Entry): boolean {
  const run = at.runs.get(subjectOf(call) ?? '');
  switch (call.do) {
    case 'recordJobs':
      return run !== undefined && missingJobs(run, call.jobs).length === 0;
    case 'progress':
      return run !== undefined && Number(run.vms_processed) >= call.completed;
    case 'pause':
      return Number(at.flows.get(flowId(call.flow))?.is_paused) === 1;
    case 'resume':
      return Number(at.flows.get(flowId(call.flow))?.is_paused ?? 0) === 0;
    case 'delete':
      return !at.flows.has(flowId(call.flow));
    case 'settle':
      return run !== undefined && isOver(run) && isSettledRight(run);
    default:
      return true;
  }
}

/** Returns what is impossible in one answer alone. */
function answerFaults(entry: Entry, moments: readonly Committed[]): string[] {
  const { call, answer, from, to } = entry;
  const during = moments.slice(from, to + 1);
  const what = `${entry.actor}: ${JSON.stringify(call)}`;
  if (answer.isUnknown) return [];
  if (answer.refused !== undefined) {
    const reason = reasons[answer.refused];
    const isRight = reason !== undefined && during.some((at) => reason(at, entry));
    return isRight ? [] : [`${what} was refused with ${answer.refused}: ${String(answer.error)}`];
  }
  if (answer.did === false && !during.some((at) => isRightlyFalse(at, entry)))
    return [`${what} answered false, and there was no reason`];
  if (answer.did === true && !during.some((at) => isRightlyTrue(at, entry)))
    return [`${what} answered true, and it is not in the tables`];
  return [];
}

/** By the id of a run or flow: the entries whose answer names it. */
function claims(entries: readonly Entry[], of: (answer: Answer) => readonly string[]): Map<string, Entry[]> {
  const by = new Map<string, Entry[]>();
  for (const entry of entries) for (const id of of(entry.answer)) by.set(id, [...(by.get(id) ?? []), entry]);
  return by;
}

/** Returns the runs that changed to `isSo` after the first moment. `isNew`: also new runs that are so. */
function became(moments: readonly Committed[], isSo: (run: RunRow) => boolean, isNew: boolean): Set<string> {
  const ids = new Set<string>();
  for (const [n, now] of moments.entries())
    for (const run of now.runs.values()) {
      const was = moments[n - 1]?.runs.get(run.id);
      if (n > 0 && isSo(run) && (was === undefined ? isNew : !isSo(was))) ids.add(run.id);
    }
  return ids;
}

const isUnknown = ({ answer }: Entry): boolean => answer.isUnknown === true;

function bookFaults(
  what: string,
  happened: ReadonlySet<string>,
  told: ReadonlyMap<string, readonly Entry[]>,
  isExcused: (id: string) => boolean,
): string[] {
  const faults: string[] = [];
  for (const [id, by] of told) {
    if (by.length > 1) faults.push(`${id} was ${what} by ${by.map(({ actor }) => actor).join(' and ')}`);
    if (!happened.has(id)) faults.push(`${by[0]!.actor} says that it has ${what} ${id}, and it was not`);
  }
  for (const id of happened)
    if (!told.has(id) && !isExcused(id)) faults.push(`${id} was ${what}, and nobody says so`);
  return faults;
}

/**
 * Returns the contradictions between the answers of a race and the committed rows. Each answer must have a reason. Each change
 * that a call reports must be committed. Exactly one call must report each committed change, or none if an answer was lost.
 *
 * @param moments the committed rows after each change, in order; the first is from before the race
 */
export function accountFaults(entries: readonly Entry[], moments: readonly Committed[]): string[] {
  const faults = entries.flatMap((entry) => answerFaults(entry, moments));
  const somebodyUnknown = entries.some(isUnknown);
  const excused = (): boolean => somebodyUnknown;
  const last = moments.at(-1)!;

  const ends = claims(entries, ({ ended = [] }) => ended);
  faults.push(...bookFaults('ended', became(moments, isOver, false), ends, excused));
  const begins = claims(entries, ({ begun = [] }) => begun);
  // Compare the start, because a run's beginning and end may become visible together
  const begun = became(moments, ({ started_at }) => started_at !== null, false);
  faults.push(...bookFaults('begun', begun, begins, (id) => somebodyUnknown || ends.has(id)));

  const made = claims(entries, (answer) => answer.made?.map(({ id }) => id) ?? []);
  const appeared = became(moments, () => true, true);
  for (const id of appeared) {
    const run = moments.map((at) => at.runs.get(id)).find((one) => one !== undefined)!;
    const isRetry = 'retry' in metadataOf(run);
    if (!made.has(id) && !isRetry && !somebodyUnknown) faults.push(`${id} was made, and nobody says so`);
  }
  for (const [id, by] of made) {
    if (!appeared.has(id) && !moments[0]!.runs.has(id))
      faults.push(`${by[0]!.actor} says that it has made ${id}, and there is none`);
    const isNamed = by.every(({ call }) => call.do === 'start' || call.do === 'enqueue');
    if (by.length > 1 && !isNamed)
      faults.push(`${id} was claimed by ${by.map(({ actor }) => actor).join(' and ')}`);
  }
  const decided = claims(entries, (answer) => answer.decided ?? []);
  for (const [id, by] of decided)
    if (by.length > 1)
      faults.push(`${id} was due once, and taken by ${by.map(({ actor }) => actor).join(' and ')}`);
  for (const flow of last.flows.values()) {
    const told = entries.flatMap(({ answer }) => answer.skipped ?? []).filter((id) => id === flow.id).length;
    const kept = Number(flow.skipped);
    const isRight =
      kept === told || (somebodyUnknown && kept > told && kept <= told + entries.filter(isUnknown).length);
    if (!isRight) faults.push(`the ledger counts ${kept} skips of ${flow.id}, and ${told} were told`);
  }
  return faults;
}
