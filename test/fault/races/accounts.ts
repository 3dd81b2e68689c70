import { type Answer, type Call, subjectOf } from './calls';
import type { RunRow } from '../random-histories-state';
import { isOver, isSettledRight, metadataOf, missingJobs } from './laws';
import { flowId, type Committed } from './world';

/** A call with its answer, and between which of the committed moments it was under way. */
export interface Entry {
  readonly actor: string;
  readonly call: Call;
  readonly answer: Answer;
  readonly from: number;
  readonly to: number;
}

/** What an error of a call has to rest on: something that was so at a moment while it was under way. */
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

/** The facts that justify the answer false. */
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

/** What has to have been so at a moment since the call began where it says that it did something. */
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

/** What is impossible in an answer by itself. */
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

/** Who says that a run was made, begun or ended, by the run. */
function claims(entries: readonly Entry[], of: (answer: Answer) => readonly string[]): Map<string, Entry[]> {
  const by = new Map<string, Entry[]>();
  for (const entry of entries) for (const id of of(entry.answer)) by.set(id, [...(by.get(id) ?? []), entry]);
  return by;
}

/** The runs that came to be so after the first moment; `isNew`: those too that were not there before. */
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
 * Whether the answers of a race and what was committed fit: each answer has its reason, each thing that a call says it did was
 * done, each thing that was done was told to one caller, and what nobody can know was done at most once.
 *
 * @param moments all that was committed, one after the other; the first is from before
 */
export function accountFaults(entries: readonly Entry[], moments: readonly Committed[]): string[] {
  const faults = entries.flatMap((entry) => answerFaults(entry, moments));
  const somebodyUnknown = entries.some(isUnknown);
  const excused = (): boolean => somebodyUnknown;
  const last = moments.at(-1)!;

  const ends = claims(entries, ({ ended = [] }) => ended);
  faults.push(...bookFaults('ended', became(moments, isOver, false), ends, excused));
  const begins = claims(entries, ({ begun = [] }) => begun);
  // By its start: the end of a run may become visible together with its beginning
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
