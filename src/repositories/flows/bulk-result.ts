import type { ErrorReport } from '../../errors';
import { flowNotFound } from '../not-found';

/** What became of one of several flows. */
export interface BulkItem {
  /** As it was asked for. */
  readonly id: string;
  readonly ok: boolean;
  /** Where it is not. */
  readonly error?: ErrorReport;
}

/** What became of several flows. */
export interface BulkResult {
  readonly action: 'enable' | 'disable' | 'delete';
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
 */
export function bulkResult(
  action: BulkResult['action'],
  ids: readonly string[],
  errorOf: (id: string) => ErrorReport | 'not-found' | null,
): BulkResult {
  const results = ids.map((id): BulkItem => {
    const error = errorOf(id);
    if (error === null) return { id, ok: true };
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
