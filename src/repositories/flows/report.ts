import {
  type Asked,
  choice,
  declareArguments,
  optional,
  options,
  refuse,
  type ValueOf,
  that,
  type Reader,
} from '../../arguments';
import { terminalStatuses } from '../../domain';
import { nextRuns, scheduleFaults } from '../../schedule';
import { instant } from '../input';
import type { Session } from '../session';
import { withIndex } from '../statements';

/** What the runs of a report are put together by. */
export type ReportBy = 'day' | 'week' | 'month' | 'flow';

/** Which runs a report is of: those that began in a window of at most 400 days. */
export interface ReportOptions {
  /** Begun at this instant or later. */
  readonly from: Date;
  /** Begun before this instant. */
  readonly to: Date;
  /** Default: `day`. Weeks begin on Monday. */
  readonly by?: ReportBy | undefined;
  /** Where days begin at midnight. Default: UTC. */
  readonly timeZone?: string | undefined;
}

/** The runs of one day, week, month or flow. */
export interface ReportRow {
  /** The first day of the period in the time zone, `2026-03-29` (of a month `2026-03`), or the flow's id. */
  readonly key: string;
  /** The flow's name; of a period its key. */
  readonly name: string;
  /** The part of the period that lies in the window; a day is 23 or 25 hours long where the clock is changed. */
  readonly from: Date;
  readonly to: Date;
  /** All that began, those under way among them. */
  readonly runs: number;
  readonly successful: number;
  readonly warning: number;
  readonly failed: number;
  readonly cancelled: number;
  /** The share of success among success, warning and error, 0 to 1; null where there are none. */
  readonly successRate: number | null;
  /** How long the runs took that are over, in seconds; null where none is. */
  readonly averageSeconds: number | null;
  readonly medianSeconds: number | null;
  /** 95 of 100 runs took no longer. */
  readonly p95Seconds: number | null;
  /** Rounded beyond 2^53: JavaScript has no exact numbers there. */
  readonly bytesTransferred: number;
}

const longestDays = 400;
const dayMs = 86_400_000;

/** The first second of each day, week, and month. */
const beginnings = { day: '0 0 * * *', week: '0 0 * * 1', month: '0 0 1 * *' } as const;
type Period = keyof typeof beginnings;

const schedule = (by: Period, timezone: string) => ({ cron_expression: beginnings[by], timezone });

/** The name of a time zone, as the schedules have them. */
const timeZone: Reader<string> = that(
  'isTimeZone',
  (value) => typeof value === 'string' && scheduleFaults(schedule('day', value)).length === 0,
  'must be the name of a time zone such as Europe/Berlin',
);

const reportOptions = options(
  {
    from: instant,
    to: instant,
    by: optional(choice(['day', 'week', 'month', 'flow']), 'day'),
    timeZone: optional(timeZone, 'UTC'),
  },
  ({ from, to }, faults) => {
    const days = (to.getTime() - from.getTime()) / dayMs;
    if (days <= 0 || days > longestDays)
      refuse(faults, 'to', 'isWindow', `must be later than from, by at most ${longestDays} days`);
  },
);

type Given = ValueOf<typeof reportOptions>;
const readOptions = declareArguments('report', { options: reportOptions });

/** The instants at which the periods of a window begin, the window's own beginning first: by the zone's clock, not the server's. */
const beginningsOf = (by: Period, { from, to, timeZone: zone }: Given): Date[] => [
  from,
  ...nextRuns(schedule(by, zone), from, longestDays + 1).filter((begun) => begun < to),
];

/** The day that it is in the zone, such as `2026-03-29`. */
function dayOf(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
}

function keyOf(by: Period, begun: Date, zone: string): string {
  const day = dayOf(begun, zone);
  if (by === 'month') return day.slice(0, 7);
  if (by === 'day') return day;
  const date = new Date(day);
  // Of the first period, which may begin in the middle of a week
  return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * dayMs).toISOString().slice(0, 10);
}

type Counted<Names extends string> = Readonly<Record<Names, number | string>>;

type Sums = Counted<'bucket' | 'runs' | 'successful' | 'warning' | 'failed' | 'cancelled' | 'bytes'> &
  Readonly<Record<'average' | 'median' | 'p95', string | number | null>> & { readonly name?: string };

const isOver = `e.status IN (${terminalStatuses.map((status) => `'${status}'`).join(', ')})`;
const atLeast = (share: number): string =>
  `MIN(IF(o.seconds IS NOT NULL AND o.place >= CEIL(o.ended * ${share}), o.seconds, NULL))`;

/** The runs of a window by bucket; how long they took is ordered in each, for the median. */
const sumsSql = (bucket: string, hint: string): string => `
  SELECT o.bucket, COUNT(*) AS runs, SUM(o.status = 'success') AS successful, SUM(o.status = 'warning') AS warning,
         SUM(o.status = 'error') AS failed, SUM(o.status = 'cancelled') AS cancelled, SUM(o.bytes_transferred) AS bytes,
         AVG(o.seconds) AS average, ${atLeast(0.5)} AS median, ${atLeast(0.95)} AS p95
    FROM (SELECT r.*, COUNT(r.seconds) OVER (PARTITION BY r.bucket) AS ended,
                 ROW_NUMBER() OVER (PARTITION BY r.bucket, r.seconds IS NULL ORDER BY r.seconds) AS place
            FROM (SELECT ${bucket} AS bucket, e.status, e.bytes_transferred,
                         IF(${isOver}, e.execution_time_seconds, NULL) AS seconds
                    FROM protection_flow_executions e ${hint}
                   WHERE e.started_at >= ? AND e.started_at < ?) r) o
   GROUP BY o.bucket`;

const rounded = (value: string | number | null = null): number | null =>
  value === null ? null : Math.round(Number(value));

function rowOf(period: Pick<ReportRow, 'key' | 'name' | 'from' | 'to'>, sums: Partial<Sums> = {}): ReportRow {
  const [successful, warning, failed] = [sums.successful, sums.warning, sums.failed].map((one = 0) =>
    Number(one),
  ) as [number, number, number];
  const judged = successful + warning + failed;
  return {
    ...period,
    runs: Number(sums.runs ?? 0),
    successful,
    warning,
    failed,
    cancelled: Number(sums.cancelled ?? 0),
    successRate: judged === 0 ? null : successful / judged,
    averageSeconds: rounded(sums.average),
    medianSeconds: rounded(sums.median),
    p95Seconds: rounded(sums.p95),
    bytesTransferred: Number(sums.bytes ?? 0),
  };
}

/** The runs that began in a window, by period (those without runs among them) or by flow (those without runs left out). */
export async function readReport(session: Session, asked: Asked<typeof readOptions>): Promise<ReportRow[]> {
  const given = readOptions(asked).options;
  const { from, to, by, timeZone: zone } = given;
  const index = 'idx_execution_time';
  if (by === 'flow') {
    const sqlWith = (hint: string): string =>
      `SELECT s.*, f.name FROM (${sumsSql('e.flow_id', hint)}) s JOIN protection_flows f ON f.id = s.bucket ORDER BY f.name`;
    const rows = await withIndex<Sums>(session, index, sqlWith, [from, to]);
    return rows.map((row) => rowOf({ key: String(row.bucket), name: row.name!, from, to }, row));
  }
  const begun = beginningsOf(by, given);
  // INTERVAL(number, …) answers how many of the beginnings are not later: a search in a sorted list
  const bucket = `INTERVAL(UNIX_TIMESTAMP(e.started_at), ${begun.map(() => '?').join(', ')}) - 1`;
  const seconds = begun.map((at) => Math.floor(at.getTime() / 1000));
  const sqlWith = (hint: string): string => sumsSql(bucket, hint);
  const rows = await withIndex<Sums>(session, index, sqlWith, [...seconds, from, to]);
  const sums = new Map(rows.map((row) => [Number(row.bucket), row]));
  return begun.map((at, n) => {
    const key = keyOf(by, at, zone);
    return rowOf({ key, name: key, from: at, to: begun[n + 1] ?? to }, sums.get(n));
  });
}

/**
 * Where a spreadsheet would take a text for a formula, also behind blanks, and in the wide letters that it takes for the
 * others: at its beginning, and behind what begins a cell where semicolons or tabs separate them, which Excel goes by in
 * many countries, whatever quotes stand around the text.
 */
const formulas = /((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu;

/** A cell of CSV: in a text each beginning of a formula is marked as text, as OWASP has it under "CSV Injection". */
function cellOf(value: string | number | Date | null): string {
  if (value === null) return '';
  if (value instanceof Date) return value.toISOString();
  const text = typeof value === 'string' ? value.replaceAll(formulas, "$1'") : String(value);
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const csvColumns = {
  key: 'key',
  name: 'name',
  from: 'from',
  to: 'to',
  runs: 'runs',
  successful: 'successful',
  warning: 'warning',
  failed: 'failed',
  cancelled: 'cancelled',
  success_rate: 'successRate',
  average_seconds: 'averageSeconds',
  median_seconds: 'medianSeconds',
  p95_seconds: 'p95Seconds',
  bytes_transferred: 'bytesTransferred',
} as const satisfies Record<string, keyof ReportRow>;

/** A report as RFC 4180 has it: a head, CRLF, quotes where they are needed. */
export function reportCsv(rows: readonly ReportRow[]): string {
  const lines = [
    Object.keys(csvColumns),
    ...rows.map((row) => Object.values(csvColumns).map((name) => cellOf(row[name]))),
  ];
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** Numbers for the head of the web page. */
export interface FlowSummary {
  readonly totalFlows: number;
  readonly enabledFlows: number;
  readonly disabledFlows: number;
  readonly backupFlows: number;
  readonly replicationFlows: number;
  /** Runs that began today, those under way among them. */
  readonly totalExecutionsToday: number;
  readonly successfulExecutionsToday: number;
  readonly failedExecutionsToday: number;
}

/** The latest midnight in a time zone; days of 23 and 25 hours included. */
const midnight = (zone: string, now: Date): Date => {
  const before = new Date(now.getTime() - 2 * dayMs);
  return nextRuns(schedule('day', zone), before, 3).findLast((begun) => begun <= now) ?? before;
};

const summing = declareArguments('summary', {
  options: options({ timeZone: optional(timeZone, 'UTC'), now: optional(instant) }),
});

/** Counts flows and today's runs: four counts, each from an index. */
export async function readSummary(session: Session, asked: Asked<typeof summing>): Promise<FlowSummary> {
  const { timeZone: zone, now } = summing(asked).options;
  const count = (column: string): string => `(SELECT COUNT(*) FROM protection_flows WHERE ${column} = ?)`;
  type Counts = Counted<'enabled' | 'disabled' | 'backup' | 'replication'> & { readonly now: Date };
  const [flows] = await session.select<Counts>(
    `SELECT ${count('enabled')} AS enabled, ${count('enabled')} AS disabled,
            ${count('flow_type')} AS backup, ${count('flow_type')} AS replication, CURRENT_TIMESTAMP AS now`,
    [true, false, 'backup', 'replication'],
  );
  const since = midnight(zone, now ?? flows!.now);
  const [runs] = await session.select<Counted<'total' | 'successful' | 'failed'>>(
    `SELECT COUNT(*) AS total, COALESCE(SUM(status = 'success'), 0) AS successful,
            COALESCE(SUM(status = 'error'), 0) AS failed
       FROM protection_flow_executions WHERE started_at >= ?`,
    [since],
  );
  const [enabled, disabled] = [Number(flows?.enabled), Number(flows?.disabled)];
  return {
    totalFlows: enabled + disabled,
    enabledFlows: enabled,
    disabledFlows: disabled,
    backupFlows: Number(flows?.backup),
    replicationFlows: Number(flows?.replication),
    totalExecutionsToday: Number(runs?.total),
    successfulExecutionsToday: Number(runs?.successful),
    failedExecutionsToday: Number(runs?.failed),
  };
}
