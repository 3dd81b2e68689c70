import type { FieldFault } from '../../errors';

/** Stands in execution_metadata while further jobs are still being started. */
export const startingFlag = 'starting_jobs';

/** What this package keeps in execution_metadata, beside what callers put there. */
const controlNames = ['worker', 'due_at', 'heartbeat_at', startingFlag];

/** Refuses metadata of a caller's that says what only this package may: that a run is alive, or waits for its jobs. */
export function controlFaults({
  execution_metadata: metadata,
}: Readonly<Record<string, unknown>>): FieldFault[] {
  if (typeof metadata !== 'object' || metadata === null) return [];
  const taken = controlNames.filter((name) => Object.hasOwn(metadata, name));
  if (taken.length === 0) return [];
  const isCallers =
    `execution_metadata must not hold ${taken.join(', ')}: under ${controlNames.join(', ')} ` +
    'this package keeps its own data';
  return [{ field: 'execution_metadata', constraints: { isCallers } }];
}

/** SQL for the metadata in a column as an object, whatever other programs have stored there: JSON null, a list, a text. */
export function metadataIn(column: string): string {
  return `IF(JSON_TYPE(${column}) = 'OBJECT', ${column}, '{}')`;
}

/** The current second as it stands in execution_metadata.heartbeat_at. */
export const heartbeatNow = heartbeatAt('UTC_TIMESTAMP()');

/** SQL for an instant as text of one length, ordered like the instants themselves. */
export function heartbeatAt(instant: string): string {
  return `DATE_FORMAT(${instant}, '%Y-%m-%dT%H:%i:%sZ')`;
}
