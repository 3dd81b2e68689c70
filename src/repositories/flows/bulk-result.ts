import type { ErrorReport } from '../../errors';
import { flowNotFound } from '../not-found';

/** What became of one of several flows. */
export interface BulkItem {
  /** As it was asked for. */
  readonly id: string;
  readonly ok: boolean;
  /** Where it is not. */
  readonly error?: ErrorReport;
  /** Of `execute` the run that was put into the queue, of `cancel` those that were cancelled. */
  readonly executionIds?: readonly string[];
}

/** What became of several flows. */
export interface BulkResult {
  readonly action: 'enable' | 'disable' | 'delete' | 'execute' | 'cancel';
  readonly requested: number;
  readonly successful: number;
  readonly failed: number;
  /** In the order asked for. */
  readonly results: readonly BulkItem[];
}

/**
 * What became of each of the ids.
 *
 * @param errorOf null: it is done; `not-found`: there is no such flow
 * @param runs of the flows for which it is done, where it is done to their runs
 */
export function bulkResult(
  action: BulkResult['action'],
  ids: readonly string[],
  errorOf: (id: string) => ErrorReport | 'not-found' | null,
  runs: ReadonlyMap<string, readonly string[]> = new Map(),
): BulkResult {
  const results = ids.map((id): BulkItem => {
    const error = errorOf(id);
    const executionIds = runs.get(id);
    if (error === null) return { id, ok: true, ...(executionIds && { executionIds }) };
    return { id, ok: false, error: error === 'not-found' ? flowNotFound(id).toJSON() : error };
  });
  const successful = results.filter((one) => one.ok).length;
  return {
    action,
    requested: results.length,
    successful,
    failed: results.length - successful,
    results,
  };
}
