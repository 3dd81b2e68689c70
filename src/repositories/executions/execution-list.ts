import { choice, choices, flag, id, optional, options, type Reader, type ValueOf } from '../../arguments';
import { executionStatuses, executionTypes, type ExecutionStatus, type ExecutionType } from '../../domain';
import { ProtectionFlowExecution } from '../../entities';
import { assertOfList, cursor, listName, pageOf, type Page } from '../cursor';
import { withIndex } from '../index-hint';
import { readSegments, segmentsFrom, whereClause, type Order, type Segment } from '../keyset';
import { marks } from '../lists';
import { instant, limitOf } from '../options';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';

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

/** A filter, as it came from the caller. */
export const executionFilter = options({
  status: optional(oneOrSeveral),
  flow_id: optional(id),
  execution_type: optional(choice(executionTypes)),
  startedFrom: optional(instant),
  startedBefore: optional(instant),
});

type Filter = ValueOf<typeof executionFilter>;

/** Which part of the list is wanted, as it came from the caller. */
export const executionPage = options({
  limit: limitOf(500, 50),
  after: cursor,
  total: optional(flag, false),
});

/** By the start, which has an index across all flows, and created_at has none. */
const newestFirst: Order = { column: 'e.started_at', id: 'e.id', direction: 'desc', isNullable: true };

interface Where {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

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

async function countExecutions(session: Session, { sql, parameters }: Where): Promise<number> {
  const [row] = await session.select<{ total: string | number }>(
    `SELECT COUNT(*) AS total FROM protection_flow_executions e ${whereClause(sql)}`,
    parameters,
  );
  return Number(row?.total);
}

/** A page of the runs of all flows, the one that began last first; those that have not begun, or never did, come last. */
export async function listExecutions(
  session: Session,
  filter: Filter,
  { limit, after, total }: ValueOf<typeof executionPage>,
): Promise<Page<ProtectionFlowExecution>> {
  const where = whereOf(filter);
  const list = listName('executions', where.sql, where.parameters);
  assertOfList('list', after, list);
  const reader = rowReader(session.manager, ProtectionFlowExecution);
  const index = indexFor(filter);
  const read = ({ condition, parameters, orderBy }: Segment, rest: number): Promise<RawRow[]> =>
    withIndex<RawRow>(
      session,
      index,
      (hint) =>
        `SELECT ${reader.columns('e')} FROM protection_flow_executions e ${hint} ` +
        `${whereClause(where.sql, condition)} ORDER BY ${orderBy} LIMIT ?`,
      [...where.parameters, ...parameters, rest],
    );
  const begunOnly = filter.startedFrom !== undefined || filter.startedBefore !== undefined;
  const segments = segmentsFrom(begunOnly ? { ...newestFirst, isNullable: false } : newestFirst, after);
  const rows = await readSegments(segments, limit + 1, read);
  const found = pageOf(
    rows.map((row) => reader.read(row)),
    limit,
    list,
    (run) => run.started_at,
  );
  return total ? { ...found, total: await countExecutions(session, where) } : found;
}
