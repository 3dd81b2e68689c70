import {
  type Asked,
  choice,
  choices,
  count,
  declareArguments,
  flag,
  idsUpTo,
  jobId,
  id,
  optional,
  options,
  type Reader,
  type ValueOf,
} from '../../arguments';
import {
  cursor,
  listName,
  readPage,
  type Order,
  type Page,
  type Where,
  historyIndex,
  newest,
} from '../pages';
import { withIndex, marks } from '../statements';
import type { Session } from '../session';
import { ProtectionFlowExecution } from '../../entities';
import { comparableText, withPlatformColumns } from '../platform-columns';
import { rowReader, type RawRow } from '../row-reader';
import { executionStatuses, executionTypes, type ExecutionStatus, type ExecutionType } from '../../domain';
import { instant, limitOf } from '../input';

/** Selects runs. `tail` is the SELECT after the table's alias; `index` is the index that gives its order. */
export async function selectExecutions(
  session: Session,
  tail: string,
  parameters: readonly unknown[],
  index: string | null = null,
): Promise<ProtectionFlowExecution[]> {
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const sqlWith = (hint: string): string =>
    `SELECT ${reader.columns('e')} FROM protection_flow_executions e ${hint} ${tail}`;
  const rows = await withIndex<RawRow>(session, index, sqlWith, parameters);
  return rows.map((row) => reader.read(row));
}

const table = 'protection_flow_executions e';

/** Which page of a flow's runs to read. */
export interface HistoryPage extends Pick<ExecutionPage, 'after' | 'total'> {
  /** 1 to 100. Default: 10. */
  readonly limit?: number | undefined;
  /** How many runs to skip, at most 100,000. A large offset is slow; `after` is not. Default: 0. */
  readonly offset?: number | undefined;
}

const readHistory = declareArguments('history', {
  flowId: id,
  page: options({
    limit: limitOf(100, 10),
    after: cursor,
    offset: optional(count({ min: 0, max: 100_000 }), 0),
    total: optional(flag, false),
  }),
});

/** Reads a page of a flow's runs, newest first. */
export function selectHistory(
  session: Session,
  given: Asked<typeof readHistory>,
): Promise<Page<ProtectionFlowExecution>> {
  const { flowId, page } = readHistory(given);
  return readPage(
    session,
    {
      subject: 'history',
      name: listName('history', flowId),
      table,
      where: { sql: 'e.flow_id = ?', parameters: [flowId] },
      order: newest,
      valueOf: (run) => run.created_at,
      select: (tail, parameters) => selectExecutions(session, tail, parameters, historyIndex),
    },
    page,
  );
}

const readRunning = declareArguments('listRunning', { options: options({ limit: limitOf(10_000, 1_000) }) });

/** Selects the runs under way, oldest first. */
export function selectRunning(
  session: Session,
  given: Asked<typeof readRunning>,
): Promise<ProtectionFlowExecution[]> {
  const { limit } = readRunning(given).options;
  return selectExecutions(session, "WHERE e.status = 'running' ORDER BY e.created_at, e.id LIMIT ?", [limit]);
}

const readJobId = declareArguments('findRunningByJob', { jobId });

/** Returns the newest run under way with this job. JSON_CONTAINS compares whole elements, and is case-sensitive. */
export async function selectRunningByJob(
  session: Session,
  given: Asked<typeof readJobId>,
): Promise<ProtectionFlowExecution | null> {
  const [found] = await selectExecutions(
    session,
    "WHERE e.status = 'running' AND JSON_CONTAINS(e.created_job_ids, ?) ORDER BY e.created_at DESC, e.id DESC LIMIT 1",
    [JSON.stringify(readJobId(given).jobId)],
  );
  return found ?? null;
}

/** SQL for the id of the newest run of the flow `f`: reads one entry of idx_executions_history, backwards. */
const newestOfEach = (
  hint: string,
): string => `SELECT x.id FROM protection_flow_executions x ${hint} WHERE x.flow_id = f.id
  ORDER BY x.flow_id DESC, x.created_at DESC, x.id DESC LIMIT 1`;

/** The flow ids of one call, at most 10,000. */
export const flowsAtOnce = idsUpTo(10_000);
const readLatest = declareArguments('latest', { flowIds: flowsAtOnce });

/**
 * Selects the newest run of each flow, in one query. The ids are passed as a JSON document: MySQL makes a range of each id
 * of an IN list, which for 500 ids takes longer than all other work. The order names flow_id, although it is constant in
 * each subquery: without flow_id, or with another index that begins with flow_id, MySQL reads and sorts the flow's whole
 * history (measured on 9.7: bench/data).
 */
export async function selectLatest(
  session: Session,
  given: Asked<typeof readLatest>,
): Promise<Map<string, ProtectionFlowExecution>> {
  const { flowIds } = readLatest(given);
  if (flowIds.length === 0) return new Map();
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const rows = await withPlatformColumns(session, (columns) => {
    const text = comparableText(columns, 'protection_flow_executions.flow_id', 64);
    return withIndex<RawRow & { place: number }>(
      session,
      historyIndex,
      (hint) =>
        `SELECT n.place, ${reader.columns('e')} FROM protection_flow_executions e
           JOIN (SELECT f.place, (${newestOfEach(hint)}) AS id
                   FROM JSON_TABLE(?, '$[*]' COLUMNS (place FOR ORDINALITY, id ${text} PATH '$')) f) n
             ON n.id = e.id`,
      [JSON.stringify(flowIds)],
    );
  });
  // Keys are the ids as requested: the run's flow_id may be spelled differently
  return new Map(rows.map((row) => [flowIds[Number(row.place) - 1]!, reader.read(row)]));
}

/** A filter of executions; undefined properties are ignored. */
export interface ExecutionFilter {
  /** One status, or several: an execution must have one of them. */
  readonly status?: ExecutionStatus | readonly ExecutionStatus[] | undefined;
  readonly flow_id?: string | undefined;
  readonly execution_type?: ExecutionType | undefined;
  /** Only executions that began at this instant or later. Without a start they do not match. */
  readonly startedFrom?: Date | undefined;
  /** Only executions that began before this instant. */
  readonly startedBefore?: Date | undefined;
}

/** Which page of a list of executions to read. */
export interface ExecutionPage {
  /** 1 to 500. Default: 50. */
  readonly limit?: number | undefined;
  /** The `next` of the previous page. Default: the first page. */
  readonly after?: string | null | undefined;
  /** Also counts all rows. Default: false, because the count costs more than the page. */
  readonly total?: boolean | undefined;
}

const oneOrSeveral: Reader<ExecutionStatus[]> = (value, field, faults) =>
  choices(executionStatuses)(typeof value === 'string' ? [value] : value, field, faults);

const executionFilter = options({
  status: optional(oneOrSeveral),
  flow_id: optional(id),
  execution_type: optional(choice(executionTypes)),
  startedFrom: optional(instant),
  startedBefore: optional(instant),
});

type Filter = ValueOf<typeof executionFilter>;

const readList = declareArguments('list', {
  filter: executionFilter,
  page: options({ limit: limitOf(500, 50), after: cursor, total: optional(flag, false) }),
});

/** Orders by started_at, which has an index across all flows; created_at has none. */
const newestFirst: Order = { column: 'e.started_at', id: 'e.id', direction: 'desc', isNullable: true };

function whereOf({ status, flow_id, execution_type, startedFrom, startedBefore }: Filter): Where {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const add = (condition: string, ...values: readonly unknown[]): void => {
    if (values.includes(undefined)) return;
    conditions.push(condition);
    parameters.push(...values);
  };
  if (status !== undefined) add(`e.status IN (${marks(status)})`, ...status);
  add('e.flow_id = ?', flow_id);
  add('e.execution_type = ?', execution_type);
  add('e.started_at >= ?', startedFrom);
  add('e.started_at < ?', startedBefore);
  return { sql: conditions.join(' AND '), parameters };
}

/**
 * Forces idx_execution_time only where the filter has neither a flow nor a status. A flow has few runs to sort. For a
 * status the server decides: it sorts few runs, and reads many in order from that index, to which InnoDB appends the id
 * (seen on MariaDB 10.11 and MySQL 9.7).
 */
const indexFor = ({ status, flow_id }: Filter): string | null =>
  status === undefined && flow_id === undefined ? 'idx_execution_time' : null;

/** Reads a page of the runs of all flows, latest start first; runs without a start come last. */
export function listExecutions(
  session: Session,
  given: Asked<typeof readList>,
): Promise<Page<ProtectionFlowExecution>> {
  const { filter, page } = readList(given);
  const where = whereOf(filter);
  const isBegun = filter.startedFrom !== undefined || filter.startedBefore !== undefined;
  const index = indexFor(filter);
  return readPage(
    session,
    {
      subject: 'list',
      name: listName('executions', where.sql, where.parameters),
      table,
      where,
      order: isBegun ? { ...newestFirst, isNullable: false } : newestFirst,
      valueOf: (run) => run.started_at,
      select: (tail, parameters) => selectExecutions(session, tail, parameters, index),
    },
    page,
  );
}
