import {
  type Asked,
  countCharacters,
  isOneLine,
  type Reader,
  choice,
  flag,
  optional,
  options,
  declareArguments,
} from '../../arguments';
import type { Optional } from '../../domain';
import { type FlowRow, ProtectionFlow } from '../../entities';
import type { FieldFault } from '../../errors';
import type { ExecutionPage } from '../executions/execution-list';
import { columnsOf, limitOf } from '../input';
import { cursor, listName, readPage, type Order, type Page, type Where } from '../pages';
import { withIndex } from '../statements';
import { withPlatformColumns } from '../platform-columns';
import { rowReader, type RawRow } from '../row-reader';
import type { Session } from '../session';
import { readFlowView, type FlowView, nameJoins } from './flow-view';

/** The filters that are columns, in the order of their conditions. */
const columns = [
  'target_id',
  'schedule_id',
  'repository_id',
  'policy_id',
  'flow_type',
  'enabled',
  'target_type',
  'last_execution_status',
] as const satisfies readonly (keyof FlowRow)[];

/** A filter of flows. Undefined properties are ignored; null matches flows without a value. */
export interface FlowFilter extends Optional<Pick<FlowRow, (typeof columns)[number]>> {
  /** A part of the name, compared by the column's collation (not case-sensitive). `%`, `_` and `\` have no special meaning. */
  readonly nameContains?: string | undefined;
}

function nameFaults({ nameContains: part }: Readonly<Record<string, unknown>>): FieldFault[] {
  if (part === undefined || (isOneLine(part) && part !== '' && countCharacters(part) <= 255)) return [];
  const isNamePart = 'nameContains must be a text of 1 to 255 characters, without control characters';
  return [{ field: 'nameContains', constraints: { isNamePart } }];
}

const flowFilter: Reader<FlowFilter> = columnsOf('ProtectionFlow', [...columns, 'nameContains'], 'update', {
  refusal: 'is not a filter',
  judge: nameFaults,
});

/** Escapes with `!` instead of `\`, because `!` is not special in a text literal of SQL. */
const patternFor = (part: string): string => `%${part.replace(/[!%_]/g, '!$&')}%`;

/** The SQL condition of a filter. */
function whereOf(filter: FlowFilter): Where {
  const given = columns.filter((name) => filter[name] !== undefined);
  const conditions = given.map((name) => `f.${name} ${filter[name] === null ? 'IS NULL' : '= ?'}`);
  const parameters: unknown[] = given.map((name) => filter[name]).filter((value) => value !== null);
  // The indexes on the target begin with target_type
  if (filter.target_id !== undefined && filter.target_type === undefined)
    conditions.push("f.target_type IN ('vm', 'group')");
  if (filter.nameContains !== undefined) {
    conditions.push("f.name LIKE ? ESCAPE '!'");
    parameters.push(patternFor(filter.nameContains));
  }
  return { sql: conditions.join(' AND '), parameters };
}

/** The columns by which a list of flows can be ordered. */
export type FlowSort = 'created_at' | 'name' | 'last_execution_time' | 'next_execution_time';

/** The default direction of each. */
const defaults = {
  created_at: 'desc',
  name: 'asc',
  last_execution_time: 'desc',
  next_execution_time: 'asc',
} as const satisfies Record<FlowSort, Order['direction']>;

function flowOrder(sort: FlowSort, direction: Order['direction'] = defaults[sort]): Order {
  const isNullable = sort === 'last_execution_time' || sort === 'next_execution_time';
  return { column: `f.${sort}`, id: 'f.id', direction, isNullable, isUnique: sort === 'name' };
}

/** Filter → the index that gives its rows in the order of their creation. The most selective filter is first. */
const createdIndexes = [
  ['target_id', 'idx_flows_target_created'],
  ['schedule_id', 'idx_flows_schedule_created'],
  ['flow_type', 'idx_flows_type_created'],
  ['enabled', 'idx_flows_enabled_created'],
] as const satisfies readonly (readonly [keyof FlowFilter, string])[];

function createdIndex(filter: FlowFilter): string {
  const [name, index] = createdIndexes.find(([one]) => filter[one] !== undefined) ?? [];
  // idx_flows_target_created begins with target_type
  if (name === 'target_id' && filter.target_type === undefined) return 'idx_flows_created';
  return index ?? 'idx_flows_created';
}

/** Filters that few flows match: to find and sort those is faster than to read an index of all flows. */
const selective = ['target_id', 'schedule_id', 'repository_id', 'policy_id'] as const;

/**
 * Returns the index that gives the flows of a filter in an order; null: the server chooses. The index on the next time
 * begins with `enabled`, so without that filter the server sorts.
 */
function indexFor(filter: FlowFilter, sort: FlowSort): string | null {
  if (sort === 'created_at') return createdIndex(filter);
  if (selective.some((name) => filter[name] !== undefined)) return null;
  if (sort === 'next_execution_time') return filter.enabled === undefined ? null : 'idx_flows_due';
  return sort === 'name' ? 'uq_flows_name' : 'idx_last_execution';
}

/** Which page of a list of flows to read. */
export interface FlowPage extends Pick<ExecutionPage, 'after' | 'total'> {
  /** 1 to 500; null: all flows. Default: 50. */
  readonly limit?: number | null | undefined;
  /** The column of the order. Flows without a value come last. Default: `created_at`. */
  readonly sort?: FlowSort | undefined;
  /** Default: newest creation or execution first, names from A to Z, nearest next time first. */
  readonly order?: 'asc' | 'desc' | undefined;
}

const readList = declareArguments('list', {
  filter: flowFilter,
  page: options({
    limit: (value, field, faults) => (value === null ? null : limitOf(500, 50)(value, field, faults)),
    after: cursor,
    total: optional(flag, false),
    sort: optional(choice(Object.keys(defaults) as FlowSort[]), 'created_at'),
    order: optional(choice(['asc', 'desc'])),
  }),
});

/** Selects flows with their names. `tail` is the SELECT from WHERE on; `index` is the index that gives its order. */
export async function selectFlows(
  session: Session,
  tail: string,
  parameters: readonly unknown[],
  index: string | null = null,
): Promise<FlowView[]> {
  const rows = await withPlatformColumns(session, (columns) => {
    const names = nameJoins(columns);
    const own = rowReader(session.manager, ProtectionFlow).columns('f');
    const sqlWith = (hint: string): string =>
      `SELECT ${own}${names.columns} FROM protection_flows f ${hint} ${names.joins} ${tail}`;
    return withIndex<RawRow>(session, index, sqlWith, parameters);
  });
  return rows.map((row) => readFlowView(session.manager, row));
}

/** Reads a page of flows with their names. */
export function listFlows(session: Session, given: Asked<typeof readList>): Promise<Page<FlowView>> {
  const {
    filter,
    page: { sort, order: direction, ...page },
  } = readList(given);
  const order = flowOrder(sort, direction);
  const where = whereOf(filter);
  const index = indexFor(filter, sort);
  return readPage(
    session,
    {
      subject: 'list',
      name: listName('flows', sort, order.direction, where.sql, where.parameters),
      table: 'protection_flows f',
      where,
      order,
      valueOf: (flow) => flow[sort],
      select: (tail, parameters) => selectFlows(session, tail, parameters, index),
    },
    page,
  );
}
