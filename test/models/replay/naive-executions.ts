import type { Instead } from './execution-player';

/** This package with a change, so that it lacks the same as a mutation of the model. */
export interface NaiveProgram {
  /** Changes a statement of this package. */
  readonly rewrite?: (sql: string) => string;
  /** Replaces steps of this package. */
  readonly instead?: Instead;
}

const without =
  (text: string | RegExp, where: RegExp = /^/) =>
  (sql: string): string =>
    where.test(sql) ? sql.replace(text, '') : sql;

/** By session: whether the run had not yet ended when the session read its status. */
const hasRead = new WeakMap<object, boolean>();

/** The naive programs of the model `executions`, by mutation. */
export const naiveExecutions: Readonly<Record<string, NaiveProgram>> = {
  CLAIM_WITHOUT_LOCK: { rewrite: without('FOR UPDATE SKIP LOCKED') },
  WITHOUT_SKIP_LOCKED: { rewrite: without('SKIP LOCKED') },
  START_WITHOUT_LOCK: {
    rewrite: without('FOR UPDATE', /FROM protection_flows WHERE id = \? FOR UPDATE/),
  },
  WITHOUT_SECOND_LOOK: {
    rewrite: (sql) => (sql.startsWith('SELECT DISTINCT flow_id FROM') ? `${sql} AND 1 = 0` : sql),
  },
  READ_FROM_SNAPSHOT: { rewrite: without('LOCK IN SHARE MODE') },
  BEGIN_WITHOUT_STATE: {
    rewrite: without("AND e.status = 'pending'", /SET e\.status = 'running'/),
  },
  END_BY_ID: {
    rewrite: (sql) => sql.replace(/AND (e\.status IN \([^)]*\))/, 'AND (TRUE OR $1)'),
    async instead({ what, who }, session, run) {
      if (what === 'read_status') {
        const [row] = await session.dataSource.query<{ status: string }[]>(
          'SELECT status FROM protection_flow_executions WHERE id = ?',
          [run],
        );
        hasRead.set(session, row?.status === 'running' || row?.status === 'pending');
        return true;
      }
      return ['finish', 'fail', 'cancel'].includes(what) && who < 2 && hasRead.get(session) === false;
    },
  },
  COUNT_APART: {
    async instead({ what }, session, run) {
      const ends: Record<string, string> = { finish: 'success', fail: 'error', cancel: 'cancelled' };
      if (ends[what] === undefined) return false;
      await session.dataSource.query(
        "UPDATE protection_flow_executions SET status = ? WHERE id = ? AND status IN ('running', 'pending')",
        [ends[what], run],
      );
      return true;
    },
  },
  ADVANCE_APART: {
    async instead({ what }, session) {
      if (what !== 'commit' || !session.held.isBusy) return false;
      // The naive claim commits in two transactions, and dies between them
      await session.held.isNext(/f\.next_execution_time = /);
      await session.raw('COMMIT');
      await session.kill();
      return true;
    },
  },
  REAP_WITHOUT_SILENCE: {
    rewrite: (sql) =>
      sql.startsWith('UPDATE')
        ? sql.replace(/AND (e\.started_at < CURRENT_TIMESTAMP[\s\S]*)$/, 'AND (TRUE OR ($1))')
        : sql,
  },
};
