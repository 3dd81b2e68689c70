import type { Order } from '../keyset';
import type { FlowFilter } from './flow-filter';

/** What a list of flows may be ordered by. */
export type FlowSort = 'created_at' | 'name' | 'last_execution_time' | 'next_execution_time';

/** Each with the direction that is taken where none is given. */
const defaults = {
  created_at: 'desc',
  name: 'asc',
  last_execution_time: 'desc',
  next_execution_time: 'asc',
} as const satisfies Record<FlowSort, Order['direction']>;

/** What a list of flows may be ordered by. */
export const flowSorts = Object.keys(defaults) as FlowSort[];

/** The order of a list of flows. */
export function flowOrder(sort: FlowSort, direction: Order['direction'] = defaults[sort]): Order {
  const isNullable = sort === 'last_execution_time' || sort === 'next_execution_time';
  return { column: `f.${sort}`, id: 'f.id', direction, isNullable, isUnique: sort === 'name' };
}

/** Filter → the index that gives its rows in the order of their creation; the first one here is the most selective. */
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

/** Filters that few flows pass: these are found and sorted faster than an index of all flows is read. */
const selective = ['target_id', 'schedule_id', 'repository_id', 'policy_id'] as const;

/**
 * The index that gives the flows of a filter in an order; null where the server had better choose. Only flows that are
 * `enabled`, or are not, are indexed by their next time: all of them are sorted.
 */
export function indexFor(filter: FlowFilter, sort: FlowSort): string | null {
  if (sort === 'created_at') return createdIndex(filter);
  if (selective.some((name) => filter[name] !== undefined)) return null;
  if (sort === 'next_execution_time') return filter.enabled === undefined ? null : 'idx_flows_due';
  return sort === 'name' ? 'uq_flows_name' : 'idx_last_execution';
}
