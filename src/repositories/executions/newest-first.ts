import { behind } from '../pages';
import type { Session } from '../session';
import { withIndex } from '../statements';

/** The place in a flow's runs, newest first. */
export interface Position {
  readonly created_at: Date;
  readonly id: string;
}

/** The index that a flow's runs are read from. */
export const historyIndex = 'idx_executions_history';
/** The order of a flow's runs. */
export const newest = { column: 'e.created_at', id: 'e.id', direction: 'desc' } as const;

/** Which of a flow's runs are wanted. */
interface NewestFirst {
  /** The columns of `protection_flow_executions e`. */
  readonly columns: string;
  readonly flowId: string;
  /** Those behind this one; null or undefined: from the newest on. */
  readonly position?: Position | null;
  readonly limit: number;
  /** Further conditions, each with AND in front. */
  readonly condition?: string;
  readonly parameters?: readonly unknown[];
}

/**
 * A flow's runs, newest first: read backwards from idx_executions_history, to which InnoDB appends the id. Without the
 * hint, MariaDB begins in the middle of a long history at its newest run and reads on to the page: where a table scan
 * seems cheaper than the range, it forgets the range and falls back to `ref` (seen on 10.11).
 */
export function selectNewestFirst<Row extends object>(
  session: Session,
  { columns, flowId, position, limit, condition = '', parameters = [] }: NewestFirst,
): Promise<Row[]> {
  const from = position ? behind(newest, { value: position.created_at, id: position.id }) : null;
  return withIndex<Row>(
    session,
    historyIndex,
    (hint) =>
      `SELECT ${columns} FROM protection_flow_executions e ${hint}
        WHERE e.flow_id = ? ${from ? `AND ${from.condition}` : ''} ${condition} ORDER BY e.created_at DESC, e.id DESC LIMIT ?`,
    [flowId, ...(from?.parameters ?? []), ...parameters, limit],
  );
}
