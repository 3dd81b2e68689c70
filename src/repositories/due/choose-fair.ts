import type { Session } from '../session';
import { marks, orNone, storedIds } from '../statements';

/**
 * Backup repositories that others judge at this moment. Those of the others are this transaction's until it ends: it alone
 * begins runs of theirs. A row of the platform's is taken for it as long as a claim takes, and never waited for. A repository
 * that has no row is nobody's.
 */
async function findBusy(session: Session, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const read = (lock: string): Promise<{ id: string }[]> =>
    orNone(session.select(`SELECT id FROM backup_repositories WHERE id IN (${marks(ids)}) ${lock}`, ids));
  const free = new Set((await read('FOR UPDATE SKIP LOCKED')).map(({ id }) => id));
  const known = (await read('')).map(({ id }) => id);
  const stored = await storedIds(session, 'backup_repositories', ids, known);
  return [...stored].flatMap(([id, row]) => (free.has(row) ? [] : [id]));
}

/**
 * Chooses among candidates so that no backup repository has more runs under way than it may, those first whose repository has
 * the least under way: one with a little work waits for none with a lot. Among equals chance decides: by age, the one with a lot of
 * old work would always be first. What has no repository has no limit.
 *
 * @param candidates a SELECT of `id`, `repository_id` and `since`, by which the oldest of a repository comes first
 * @returns ids, the first to be run first; the repositories stay this transaction's until it ends
 */
export async function chooseFair(
  session: Session,
  candidates: string,
  parameters: readonly unknown[],
  { limit, perRepository }: { readonly limit: number; readonly perRepository: number },
): Promise<string[]> {
  const found = await session.select<{ repository_id: string | null }>(
    `SELECT DISTINCT c.repository_id FROM (${candidates}) c`,
    parameters,
  );
  if (found.length === 0) return [];
  const busy = await findBusy(
    session,
    found.flatMap((row) => row.repository_id ?? []),
  );
  const isFree = busy.length === 0 ? '' : `AND p.repository_id NOT IN (${marks(busy)})`;
  const chosen = await session.select<{ id: string }>(
    `SELECT p.id FROM (
        SELECT c.*, COALESCE(r.runs, 0) + ROW_NUMBER() OVER (PARTITION BY c.repository_id ORDER BY c.since, c.id) AS place
          FROM (${candidates}) c LEFT JOIN (
               SELECT o.repository_id, COUNT(*) AS runs FROM protection_flow_executions u JOIN protection_flows o ON o.id = u.flow_id
                WHERE u.status = 'running' GROUP BY o.repository_id ${session.currentRead}) r ON r.repository_id = c.repository_id) p
      WHERE p.repository_id IS NULL OR (p.place <= ? ${isFree}) ORDER BY p.place, RAND() LIMIT ?`,
    [...parameters, perRepository, ...busy, limit],
  );
  return chosen.map(({ id }) => id);
}
