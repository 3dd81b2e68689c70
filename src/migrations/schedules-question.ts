import type { QuestionGround, QuestionRow, SubjectQuestion } from '../engine/subject/parts';
import { parentJoin, parentSql } from '../engine/orphans/find-orphans';
import { named, type ForeignKey, type Table } from '../engine/schema/shape';
import { marks, select, type Queryable } from '../engine/server/queryable';
import { whereDenied } from '../errors';
import type { NextTime, StoredSchedule } from '../schedule';

const flowsAtOnce = 500;

const unseen = 'this account sees no table of schedules';

/* eslint-disable @typescript-eslint/no-require-imports -- no other command than adopt needs cron expressions */
const nextTime = (...given: Parameters<typeof import('../schedule').nextTime>): NextTime =>
  (require('../schedule') as typeof import('../schedule')).nextTime(...given);
/* eslint-enable @typescript-eslint/no-require-imports */

/** A flow that has never run by its schedule, with the id of the stored schedule; null if there is none. */
interface NewcomerRow {
  readonly id: string;
  readonly name: string;
  readonly schedule_id: string | null;
  readonly now: Date;
}

/**
 * The condition for flows without a next time, which a scheduler of this package would compute at once: the hub never
 * writes one. It reads tables made by hand as adopt repairs them: NULL becomes the default, and '0000-00-00' becomes NULL.
 */
function isNewcomer({ columns }: Table): string {
  const has = (column: string): boolean => named(columns, column) !== undefined;
  return [
    'f.schedule_id IS NOT NULL',
    ...(has('enabled') ? ['COALESCE(f.enabled, 1) = 1'] : []),
    ...(has('next_execution_time')
      ? ["(f.next_execution_time IS NULL OR CAST(f.next_execution_time AS CHAR) LIKE '0000-00-00%')"]
      : []),
  ].join(' AND ');
}

/** Reads when the schedules fire next, by id; null if this account may not read them. */
async function readTimes(
  session: Queryable,
  key: ForeignKey,
  ids: readonly string[],
  now: Date,
): Promise<[string, NextTime][] | null> {
  if (ids.length === 0) return [];
  const rows = await select<StoredSchedule & { readonly id: string }>(
    session,
    `SELECT s.* FROM ${parentSql(key)} s WHERE s.id IN (${marks(ids)})`,
    [...ids],
  ).catch(whereDenied(null));
  return rows?.map((row) => [row.id, nextTime(row, now)]) ?? null;
}

/** Finds the flows page by page. Keeps only each flow's name and time, and each schedule's time. */
async function findNewcomers(ground: QuestionGround): Promise<QuestionRow[]> {
  const { session, declared, live } = ground;
  const flows = live.get('protection_flows');
  if (flows === undefined || !named(flows.columns, 'id') || !named(flows.columns, 'schedule_id')) return [];
  const key = named(declared.get(flows.name)?.foreignKeys ?? [], 'fk_flows_schedule');
  let seen = key !== undefined && live.has(key.parentTable) ? key : undefined;
  const [schedule, join] = seen ? ['p.id', parentJoin('f', flows, seen, live).join] : ['NULL', ''];
  const sql = `SELECT f.id, ${named(flows.columns, 'name') ? 'f.name' : 'f.id'} AS name, ${schedule} AS schedule_id,
                      CURRENT_TIMESTAMP AS now
                 FROM protection_flows f ${join}
                WHERE ${isNewcomer(flows)} AND f.id > ? ORDER BY f.id LIMIT ${flowsAtOnce}`;
  const times = new Map<string, NextTime>();
  const found: QuestionRow[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: NewcomerRow[] = await select(session, sql, [after]);
    const ids = page.flatMap(({ schedule_id: id }) => (id === null || times.has(id) ? [] : [id]));
    if (seen !== undefined && page[0] !== undefined) {
      const read = await readTimes(session, seen, [...new Set(ids)], page[0].now);
      if (read === null) seen = undefined;
      for (const [id, time] of read ?? []) times.set(id, time);
    }
    for (const { id, name, schedule_id: schedule, now } of page) {
      const time = times.get(schedule ?? '') ?? nextTime(undefined, now);
      const reason = time.next !== null ? null : seen ? time.message : unseen;
      found.push({ id, name, next: time.next, reason });
    }
    after = page.length < flowsAtOnce ? undefined : page.at(-1)?.id;
  }
  const at = ({ next }: QuestionRow): number => next?.getTime() ?? Infinity;
  return found.sort((one, other) => (at(one) === at(other) ? 0 : at(one) - at(other)));
}

/**
 * Asks whether the flows may run by their schedules now. None of them ever did: the platform's hub knows no schedule's next
 * time. This package's scheduler computes it and runs them.
 */
export const schedulesQuestion = {
  id: 'schedules',
  answers: {
    on: 'lets them run, each from the listed time on',
    off: 'disables them (enabled = 0) until somebody enables them again',
  },
  asks: (flows) =>
    `${flows === 1 ? '1 flow is' : `${flows} flows are`} enabled and never ran by ${flows === 1 ? 'its' : 'their'} schedule. A scheduler of this package runs such flows automatically.`,
  find: findNewcomers,
  async carryOut(session, answer, rows, placesOf) {
    if (answer !== 'off') return;
    for (let at = 0; at < rows.length; at += flowsAtOnce) {
      const ids = rows.slice(at, at + flowsAtOnce).map(({ id }) => id);
      for (const place of placesOf('protection_flows'))
        await session.query(
          `UPDATE ${place} SET enabled = 0, next_execution_time = NULL WHERE id IN (${marks(ids)})`,
          ids,
        );
    }
  },
} as const satisfies SubjectQuestion;
