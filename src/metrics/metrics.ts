import { count, declareArguments, idsUpTo, optional, options as optionsOf } from '../arguments';
import { readStatus } from '../engine/migrate';
import { guarded } from '../engine/session/database';
import { checkSchema, type SchemaState } from '../engine/verify/check-schema';
import { Session } from '../repositories/session';
import type { ProtectionFlowsDataSource } from '../typeorm/guarded-data-source';
import { readAllFlows, readFlows, type AllFlowsMetrics, type FlowMetrics } from './read-flows';

/** Which flows are told of one by one, and how old what is said of the schema may be. */
export interface MetricsOptions {
  /** The flows of these ids, at most 10,000; those that are not there are left out. Default: the first ones by their ids. */
  readonly flowIds?: readonly string[] | undefined;
  /** At most so many flows, 0 to 10,000: each takes a dozen time series. Default: 1,000. */
  readonly limit?: number | undefined;
  /** The schema is read again when it was read longer ago than this, in milliseconds. Default: 60,000. */
  readonly schemaMaxAgeMs?: number | undefined;
}

/** How the schema stands to this program, as `checkSchema` says it, and the declared keys whose parent table does not exist yet. */
export interface SchemaMetrics {
  readonly state: SchemaState;
  readonly deferredKeys: readonly string[];
}

/** What there is to watch, read from the tables: a restart forgets nothing. */
export interface Metrics extends AllFlowsMetrics {
  /** Those that were asked for, in the order of their ids. */
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

const looks = new WeakMap<object, { readonly at: number; readonly schema: Promise<SchemaMetrics> }>();

async function readSchema(dataSource: ProtectionFlowsDataSource): Promise<SchemaMetrics> {
  const { state } = await checkSchema(dataSource);
  const { keys } = await readStatus(dataSource);
  const deferred = keys.filter(({ status }) => status === 'deferred');
  return { state, deferredKeys: deferred.map(({ name }) => name) };
}

/** The schema as it was read last, unless that is too long ago; a look that failed is none. */
function schemaOf(dataSource: ProtectionFlowsDataSource, maxAgeMs: number): Promise<SchemaMetrics> {
  const last = looks.get(dataSource);
  if (last !== undefined && performance.now() - last.at < maxAgeMs) return last.schema;
  const schema = readSchema(dataSource);
  looks.set(dataSource, { at: performance.now(), schema });
  schema.catch(() => looks.delete(dataSource));
  return schema;
}

/**
 * What there is to watch: who is overdue, what waits, whether anybody works, whether the schema fits. Reads alone, and costs the
 * same however long the histories are.
 *
 * @throws VALIDATION_FAILED for wrong arguments; MIGRATION_PENDING where the tables are not there; CONNECTION_LOST
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
