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

/** By what the runs of a report are grouped. */
export type ReportBy = 'day' | 'week' | 'month' | 'flow';

/** Selects the runs of a report: those that began in a window of at most 400 days. */
export interface ReportOptions {
  /** The beginning of the window, inclusive. */
  readonly from: Date;
  /** The end of the window, exclusive. */
  readonly to: Date;
  /** Default: `day`. Weeks begin on Monday. */
  readonly by?: ReportBy | undefined;
  /** The time zone whose midnight begins a day. Default: UTC. */
  readonly timeZone?: string | undefined;
}

/** The runs of one day, week, month or flow. */
export interface ReportRow {
  /** The first day of the period in the time zone, `2026-03-29`; the month, `2026-03`; or the flow's id. */
  readonly key: string;
  /** The flow's name, or the key of a period. */
  readonly name: string;
  /** The part of the period inside the window. A day has 23 or 25 hours when the clock changes. */
  readonly from: Date;
  readonly to: Date;
  /** All runs that began, including those under way. */
  readonly runs: number;
  readonly successful: number;
  readonly warning: number;
  readonly failed: number;
  readonly cancelled: number;
  /** The share of success among success, warning and error, 0 to 1; null if there are none. */
  readonly successRate: number | null;
  /** The average duration of ended runs, in seconds; null if none has ended. */
  readonly averageSeconds: number | null;
  readonly medianSeconds: number | null;
  /** 95 % of the ended runs took no longer. */
  readonly p95Seconds: number | null;
  /** Rounded above 2^53, where JavaScript has no exact numbers. */
  readonly bytesTransferred: number;
}

const longestDays = 400;
const dayMs = 86_400_000;

/** Cron expressions of the first second of each day, week and month. */
const beginnings = { day: '0 0 * * *', week: '0 0 * * 1', month: '0 0 1 * *' } as const;
type Period = keyof typeof beginnings;

const schedule = (by: Period, timezone: string) => ({ cron_expression: beginnings[by], timezone });

/** Reads the name of a time zone; schedules accept the same names. */
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

/** The beginnings of a window's periods by the zone's clock; the first is the window's own beginning. */
const beginningsOf = (by: Period, { from, to, timeZone: zone }: Given): Date[] => [
  from,
  ...nextRuns(schedule(by, zone), from, longestDays + 1).filter((begun) => begun < to),
];

/** Returns the day of an instant in the zone, such as `2026-03-29`. */
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
  // Goes back to Monday, because the first period may begin in the middle of a week
  return new Date(date.getTime() - ((date.getUTCDay() + 6) % 7) * dayMs).toISOString().slice(0, 10);
}

type Counted<Names extends string> = Readonly<Record<Names, number | string>>;

type Sums = Counted<'bucket' | 'runs' | 'successful' | 'warning' | 'failed' | 'cancelled' | 'bytes'> &
  Readonly<Record<'average' | 'median' | 'p95', string | number | null>> &
  Readonly<Partial<Record<'flow_id' | 'name', string>>>;

const isOver = `e.status IN (${terminalStatuses.map((status) => `'${status}'`).join(', ')})`;
const atLeast = (share: number): string =>
  `MIN(IF(o.seconds IS NOT NULL AND o.place >= CEIL(o.ended * ${share}), o.seconds, NULL))`;

/** SQL for the sums of a window's runs by bucket. Sorts the durations in each bucket, for median and p95. */
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
  const of = (column: keyof typeof sums): number => Number(sums[column] ?? 0);
  const [successful, warning, failed] = [of('successful'), of('warning'), of('failed')];
  const judged = successful + warning + failed;
  return {
    ...period,
    runs: of('runs'),
    successful,
    warning,
    failed,
    cancelled: of('cancelled'),
    successRate: judged === 0 ? null : successful / judged,
    averageSeconds: rounded(sums.average),
    medianSeconds: rounded(sums.median),
    p95Seconds: rounded(sums.p95),
    bytesTransferred: of('bytes'),
  };
}

/** Reports the runs that began in a window: by period, also periods without runs; or by flow, only flows with runs. */
export async function readReport(session: Session, asked: Asked<typeof readOptions>): Promise<ReportRow[]> {
  const given = readOptions(asked).options;
  const { from, to, by, timeZone: zone } = given;
  const index = 'idx_execution_time';
  if (by === 'flow') {
    const sqlWith = (hint: string): string =>
      `SELECT s.*, f.id AS flow_id, f.name FROM (${sumsSql('e.flow_id', hint)}) s JOIN protection_flows f ON f.id = s.bucket ORDER BY f.name`;
    const rows = await withIndex<Sums>(session, index, sqlWith, [from, to]);
    return rows.map((row) => rowOf({ key: row.flow_id!, name: row.name!, from, to }, row));
  }
  const begun = beginningsOf(by, given);
  // INTERVAL(number, …) counts the beginnings that are not later, by binary search
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
 * Matches the places at which a spreadsheet would read a formula, also after blanks, and also with the full-width forms of
 * `=+-@`. They are at the beginning of the text, and after a semicolon, tab or line break: in many countries Excel
 * separates cells by semicolon or tab, even inside quotes.
 */
const formulas = /((?:^|[;\t\r\n])[\s"]*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu;

/** Makes a CSV cell. Puts an apostrophe before each formula, as OWASP advises under "CSV Injection". */
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

/** Writes a report as CSV by RFC 4180: a header line, CRLF, and quotes where needed. */
export function reportCsv(rows: readonly ReportRow[]): string {
  const lines = [
    Object.keys(csvColumns),
    ...rows.map((row) => Object.values(csvColumns).map((name) => cellOf(row[name]))),
  ];
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** Counts of flows and of today's runs, for the top of the web page. */
export interface FlowSummary {
  readonly totalFlows: number;
  readonly enabledFlows: number;
  readonly disabledFlows: number;
  readonly backupFlows: number;
  readonly replicationFlows: number;
  /** Runs that began today, including those under way. */
  readonly totalExecutionsToday: number;
  readonly successfulExecutionsToday: number;
  readonly failedExecutionsToday: number;
}

/** Returns the latest midnight in a time zone; also right for days of 23 and 25 hours. */
const midnight = (zone: string, now: Date): Date => {
  const before = new Date(now.getTime() - 2 * dayMs);
  return nextRuns(schedule('day', zone), before, 3).findLast((begun) => begun <= now) ?? before;
};

const summing = declareArguments('summary', {
  options: options({ timeZone: optional(timeZone, 'UTC'), now: optional(instant) }),
});

/** Counts flows and today's runs, each count from an index. */
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
