import { flag, optional, options, type Reader, type ValueOf } from '../../arguments';
import type { Optional } from '../../domain';
import { ProtectionFlow, type FlowRow } from '../../entities';
import { behind, behindParameters, cursor, pageOf, type Page } from '../cursor';
import { withIndex } from '../index-hint';
import { columnsOf } from '../input';
import { limitOf } from '../options';
import { withPlatformColumns } from '../platform-columns';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import { readFlowView, type FlowView } from './flow-view';
import { nameJoins } from './name-joins';

/** What flows have to have; a property that is undefined does not matter, null means "none". */
export type FlowFilter = Optional<
  Pick<
    FlowRow,
    'flow_type' | 'target_type' | 'target_id' | 'enabled' | 'schedule_id' | 'repository_id' | 'policy_id'
  >
>;

/** Which part of a list is wanted. */
export interface FlowPage {
  /** 1 to 500. Default: 50. */
  readonly limit?: number | undefined;
  /** The `next` of the page before. Default: the beginning. */
  readonly after?: string | null | undefined;
  /** Counts all rows too. Default: false, as it costs more than the page. */
  readonly total?: boolean | undefined;
}

/** Filter → the index that gives its rows newest first; of several, the first one here is the most selective. */
const filterIndexes = {
  target_id: 'idx_flows_target_created',
  schedule_id: 'idx_flows_schedule_created',
  repository_id: null,
  policy_id: null,
  flow_type: 'idx_flows_type_created',
  enabled: 'idx_flows_enabled_created',
  target_type: null,
} as const satisfies Record<keyof FlowFilter, string | null>;

const filterNames = Object.keys(filterIndexes) as (keyof FlowFilter)[];

interface Where {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A filter, as it came from the caller. */
export const flowFilter: Reader<FlowFilter> = columnsOf('ProtectionFlow', filterNames, 'update', {
  refusal: 'is not a filter',
});

/** Which part of a list is wanted, as it came from the caller. */
export const flowPage = options({ limit: limitOf(500, 50), after: cursor, total: optional(flag, false) });

function whereOf(filter: FlowFilter): Where {
  const given = filterNames.filter((name) => filter[name] !== undefined);
  const conditions = given.map((name) => `f.${name} ${filter[name] === null ? 'IS NULL' : '= ?'}`);
  // The indexes on the target begin with its type
  if (filter.target_id !== undefined && filter.target_type === undefined)
    conditions.push("f.target_type IN ('vm', 'group')");
  return {
    sql: conditions.join(' AND '),
    parameters: given.map((name) => filter[name]).filter((value) => value !== null),
  };
}

function indexFor(filter: FlowFilter): string {
  const found = filterNames.find((name) => filter[name] !== undefined && filterIndexes[name] !== null);
  // idx_flows_target_created begins with target_type
  if (found === 'target_id' && filter.target_type === undefined) return 'idx_flows_created';
  return (found && filterIndexes[found]) ?? 'idx_flows_created';
}

/** `WHERE a AND b`, or nothing. */
const whereClause = (...conditions: readonly string[]): string => {
  const given = conditions.filter((condition) => condition !== '');
  return given.length === 0 ? '' : `WHERE ${given.join(' AND ')}`;
};

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
 * A page of flows with their names, newest first. The order comes from an index, so a page costs the same wherever in
 * the list it is.
 */
export async function listFlows(
  session: Session,
  filter: FlowFilter,
  { limit, after: position, total }: ValueOf<typeof flowPage>,
): Promise<Page<FlowView>> {
  const where = whereOf(filter);
  const parameters = [...where.parameters, ...(position ? behindParameters(position) : []), limit + 1];
  const rows = await withPlatformColumns(session, (columns) => {
    const names = nameJoins(columns);
    const own = rowReader(session.manager, ProtectionFlow).columns('f');
    const conditions = whereClause(where.sql, position ? behind('f') : '');
    const sqlWith = (hint: string): string =>
      `SELECT ${own}${names.columns} FROM protection_flows f ${hint} ${names.joins} ${conditions} ` +
      'ORDER BY f.created_at DESC, f.id DESC LIMIT ?';
    return withIndex<RawRow>(session, indexFor(filter), sqlWith, parameters);
  });
  const found = pageOf(
    rows.map((row) => readFlowView(session.manager, row)),
    limit,
  );
  return total ? { ...found, total: await countFlows(session, where) } : found;
}
