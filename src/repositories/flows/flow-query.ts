import { choice, flag, optional, options, type ValueOf } from '../../arguments';
import { ProtectionFlow } from '../../entities';
import { assertOfList, cursor, listName, pageOf, type Page } from '../cursor';
import { withIndex } from '../index-hint';
import { readSegments, segmentsFrom, whereClause, type Segment } from '../keyset';
import { limitOf } from '../options';
import { withPlatformColumns } from '../platform-columns';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import { whereOf, type FlowFilter, type Where } from './flow-filter';
import { flowOrder, flowSorts, indexFor, type FlowSort } from './flow-order';
import { readFlowView, type FlowView } from './flow-view';
import { nameJoins } from './name-joins';

/** Which part of a list is wanted. */
export interface FlowPage {
  /** 1 to 500. Default: 50. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. Default: the beginning. */
  readonly after?: string | null | undefined;
  /** Counts all rows too. Default: false, as it costs more than the page. */
  readonly total?: boolean | undefined;
  /** What decides the order; flows without such a time come last. Default: `created_at`. */
  readonly sort?: FlowSort | undefined;
  /** Default: the newest creation or execution first, names from A to Z, the nearest next time first. */
  readonly order?: 'asc' | 'desc' | undefined;
}

/** Which part of a list is wanted, as it came from the caller. */
export const flowPage = options({
  limit: limitOf(500, 50),
  after: cursor,
  total: optional(flag, false),
  sort: optional(choice(flowSorts), 'created_at'),
  order: optional(choice(['asc', 'desc'])),
});

/** Flows with their names by a condition on `f`, of which at most one row each is expected. */
export async function selectFlows(
  session: Session,
  condition: string,
  parameters: readonly unknown[],
): Promise<FlowView[]> {
  const rows = await withPlatformColumns(session, (columns) => {
    const names = nameJoins(columns);
    const own = rowReader(session.manager, ProtectionFlow).columns('f');
    return session.select<RawRow>(
      `SELECT ${own}${names.columns} FROM protection_flows f ${names.joins} WHERE ${condition}`,
      parameters,
    );
  });
  return rows.map((row) => readFlowView(session.manager, row));
}

async function countFlows(session: Session, where: Where): Promise<number> {
  const sql = `SELECT COUNT(*) AS total FROM protection_flows f ${whereClause(where.sql)}`;
  const [row] = await session.select<{ total: string | number }>(sql, where.parameters);
  return Number(row?.total);
}

/**
 * A page of flows with their names. Where an index gives the order, a page costs the same wherever in the list it is.
 */
export async function listFlows(
  session: Session,
  filter: FlowFilter,
  { limit, after, total, sort, order: direction }: ValueOf<typeof flowPage>,
): Promise<Page<FlowView>> {
  const order = flowOrder(sort, direction);
  const where = whereOf(filter);
  const list = listName('flows', sort, order.direction, where.sql, where.parameters);
  assertOfList('list', after, list);
  const rows = await readSegments(segmentsFrom(order, after), limit + 1, (segment, rest) =>
    selectSegment(session, indexFor(filter, sort), where, segment, rest),
  );
  const found = pageOf(
    rows.map((row) => readFlowView(session.manager, row)),
    limit,
    list,
    (flow) => flow[sort],
  );
  return total ? { ...found, total: await countFlows(session, where) } : found;
}

function selectSegment(
  session: Session,
  index: string | null,
  where: Where,
  { condition, parameters, orderBy }: Segment,
  limit: number,
): Promise<RawRow[]> {
  return withPlatformColumns(session, (columns) => {
    const names = nameJoins(columns);
    const own = rowReader(session.manager, ProtectionFlow).columns('f');
    const sqlWith = (hint: string): string =>
      `SELECT ${own}${names.columns} FROM protection_flows f ${hint} ${names.joins} ` +
      `${whereClause(where.sql, condition)} ORDER BY ${orderBy} LIMIT ?`;
    return withIndex<RawRow>(session, index, sqlWith, [...where.parameters, ...parameters, limit]);
  });
}
