import type { Instead } from './execution-player';

/** A program that lacks what a mutation of the model lacks, made of ours. */
export interface NaiveProgram {
  /** What a statement of ours is there. */
  readonly rewrite?: (sql: string) => string;
  /** What is there in place of steps of ours. */
  readonly instead?: Instead;
}

const without =
  (text: string | RegExp, where: RegExp = /^/) =>
  (sql: string): string =>
    where.test(sql) ? sql.replace(text, '') : sql;

/** Runs that read a state before they decide, by the session that has read. */
const hasRead = new WeakMap<object, boolean>();

/** The naive programs of the model `executions`, by the mutation. */
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
      // The claim's first transaction ends; the process dies before its second one
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
