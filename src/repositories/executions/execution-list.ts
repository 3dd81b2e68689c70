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

/** Runs; `tail` is the end of the SELECT behind the table, `index` the one that its order wants. */
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

/** Which part of a flow's runs is wanted. */
export interface HistoryPage extends Pick<ExecutionPage, 'after' | 'total'> {
  /** 1 to 100. Default: 10. */
  readonly limit?: number | undefined;
  /** So many are passed over, at most 100,000, which takes longer the more there are: `after` does not. Default: 0. */
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

/** A page of a flow's runs, newest first. */
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

/** Runs that are under way, oldest first. */
export function selectRunning(
  session: Session,
  given: Asked<typeof readRunning>,
): Promise<ProtectionFlowExecution[]> {
  const { limit } = readRunning(given).options;
  return selectExecutions(session, "WHERE e.status = 'running' ORDER BY e.created_at, e.id LIMIT ?", [limit]);
}

const readJobId = declareArguments('findRunningByJob', { jobId });

/**
 * The newest run under way that has this very job: JSON_CONTAINS compares whole elements of the list, case included.
 */
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

/** The ids of the newest run of each flow `f`: one entry of idx_executions_history each, read backwards. */
const newestOfEach = (
  hint: string,
): string => `SELECT x.id FROM protection_flow_executions x ${hint} WHERE x.flow_id = f.id
  ORDER BY x.flow_id DESC, x.created_at DESC, x.id DESC LIMIT 1`;

/** The ids of flows that are asked for at once. */
export const flowsAtOnce = idsUpTo(10_000);
const readLatest = declareArguments('latest', { flowIds: flowsAtOnce });

/**
 * The newest run of each flow, in one query. The flows come as a JSON document: of 500 ids in an IN list, each becomes a
 * range of its own, which takes MySQL longer than all the rest. The order names flow_id, though it is the same in each
 * subquery: without it, or by another index that begins with flow_id, MySQL reads and sorts the flow's whole history
 * (measured on 9.7: bench/data).
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
  // By the id as it was asked for: a run may have another spelling of it
  return new Map(rows.map((row) => [flowIds[Number(row.place) - 1]!, reader.read(row)]));
}

/** What executions have to have; a property that is undefined does not matter. */
export interface ExecutionFilter {
  /** One, or several of which each will do. */
  readonly status?: ExecutionStatus | readonly ExecutionStatus[] | undefined;
  readonly flow_id?: string | undefined;
  readonly execution_type?: ExecutionType | undefined;
  /** Begun at this instant or later: those that never began are left out. */
  readonly startedFrom?: Date | undefined;
  /** Begun before this instant. */
  readonly startedBefore?: Date | undefined;
}

/** Which part of a list of executions is wanted. */
export interface ExecutionPage {
  /** 1 to 500. Default: 50. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. Default: the beginning. */
  readonly after?: string | null | undefined;
  /** Counts all rows too. Default: false, as it costs more than the page. */
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

/** By the start, which has an index across all flows, and created_at has none. */
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
 * The runs of a flow are few and sorted. Of a status there are few or many, which the server knows: it sorts the few, and reads
 * the many in their order from idx_execution_time, to which InnoDB appends the id (seen on MariaDB 10.11 and MySQL 9.7).
 */
const indexFor = ({ status, flow_id }: Filter): string | null =>
  status === undefined && flow_id === undefined ? 'idx_execution_time' : null;

/** A page of the runs of all flows, the one that began last first; those that have not begun, or never did, come last. */
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
