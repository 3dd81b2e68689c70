import { count, declareArguments, idsUpTo, optional, options as optionsOf } from '../arguments';
import { readStatus } from '../engine/migrate';
import { guarded } from '../engine/session/database';
import { checkSchema, type SchemaState } from '../engine/verify/check-schema';
import { Session } from '../repositories/session';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { readAllFlows, readFlows, type AllFlowsMetrics, type FlowMetrics } from './read-flows';

/** Which flows have metrics of their own, and how old the state of the schema may be. */
export interface MetricsOptions {
  /** The flows with these ids, at most 10,000; missing flows are left out. Default: the first ones by id. */
  readonly flowIds?: readonly string[] | undefined;
  /** The most flows, 0 to 10,000: each has a dozen time series. Default: 1,000. */
  readonly limit?: number | undefined;
  /** How old the last reading of the schema may be, in milliseconds. Default: 60,000. */
  readonly schemaMaxAgeMs?: number | undefined;
}

/** Whether this program fits the schema, as `checkSchema` reports it, and the declared keys whose parent table is missing. */
export interface SchemaMetrics {
  readonly state: SchemaState;
  readonly deferredKeys: readonly string[];
}

/** The metrics. They are read from the tables, so a restart loses nothing. */
export interface Metrics extends AllFlowsMetrics {
  /** The requested flows, in the order of their ids. */
  readonly flows: readonly FlowMetrics[];
  readonly schema: SchemaMetrics;
}

const readCall = declareArguments('metrics', {
  dataSource: guarded,
  options: optionsOf({
    flowIds: optional(idsUpTo(10_000)),
    limit: optional(count({ min: 0, max: 10_000 }), 1_000),
    schemaMaxAgeMs: optional(count({ min: 0, max: 86_400_000 }), 60_000),
  }),
});

const lastReads = new WeakMap<object, { readonly at: number; readonly schema: Promise<SchemaMetrics> }>();

async function readSchema(dataSource: ProtectionFlowsDataSource): Promise<SchemaMetrics> {
  const { state } = await checkSchema(dataSource);
  const { keys } = await readStatus(dataSource);
  const deferred = keys.filter(({ status }) => status === 'deferred');
  return { state, deferredKeys: deferred.map(({ name }) => name) };
}

/** Returns the last reading of the schema, or reads it again if that is too old or failed. */
function schemaOf(dataSource: ProtectionFlowsDataSource, maxAgeMs: number): Promise<SchemaMetrics> {
  const last = lastReads.get(dataSource);
  if (last !== undefined && performance.now() - last.at < maxAgeMs) return last.schema;
  const schema = readSchema(dataSource);
  lastReads.set(dataSource, { at: performance.now(), schema });
  schema.catch(() => lastReads.delete(dataSource));
  return schema;
}

/**
 * Reads the metrics: overdue flows, the queue, runs under way, the state of the schema. It only reads, and its cost does
 * not depend on the length of the histories.
 *
 * @throws VALIDATION_FAILED for wrong arguments; MIGRATION_PENDING if the tables are missing; CONNECTION_LOST
 */
export async function metrics(
  dataSource: ProtectionFlowsDataSource,
  options: MetricsOptions = {},
): Promise<Metrics> {
  const { flowIds, limit, schemaMaxAgeMs } = readCall({ dataSource, options }).options;
  const session = new Session(dataSource.manager);
  const all = await readAllFlows(session);
  const flows = await readFlows(session, flowIds, limit, all.at);
  return { ...all, flows, schema: await schemaOf(dataSource, schemaMaxAgeMs) };
}
