/**
 * SQL that is true for a run that this package began, or works at. Ids that the server makes are UUIDs of version 1, and the
 * hub has no others; those of this package, and of its callers, are not. The signs of work are for a caller's such id.
 *
 * @param run the row's name in the statement, as `e` or `OLD`
 */
export const isOwnRun = (run: string): string =>
  `(${run}.id NOT LIKE '________-____-1%' OR COALESCE(JSON_CONTAINS_PATH(${run}.execution_metadata, 'one', '$.worker', '$.heartbeat_at', '$.starting_jobs'), 0))`;
