/**
 * A second opinion on when a cron expression runs, as simple as can be: it looks at the wall clock of the zone minute by
 * minute, and at sets of numbers. It shares no code with src, parses nothing, and knows nothing of time zones but what
 * Intl shows.
 */

/** One field: how it is written, and the numbers that it means. */
export interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

/** An expression as its fields; without seconds it has five. */
export interface Fields {
  readonly second: Field | null;
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

const minuteMs = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock of the zone shows, read as UTC. */
export function wallClock(zone: string, instant: number): Date {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(zone, format);
  return new Date(`${format.format(instant).replace(' ', 'T')}Z`);
}

/** The expression as it is written into the column. */
export function textOf({ second, minute, hour, day, month, weekday }: Fields): string {
  const fields = [...(second ? [second] : []), minute, hour, day, month, weekday];
  return fields.map(({ text }) => text).join(' ');
}

function fitsMinute({ minute, hour, day, month, weekday }: Fields, wall: Date): boolean {
  const fitsDay = day.values.has(wall.getUTCDate());
  const fitsWeekday = weekday.values.has(wall.getUTCDay());
  const both = day.text === '*' || weekday.text === '*';
  return (
    minute.values.has(wall.getUTCMinutes()) &&
    hour.values.has(wall.getUTCHours()) &&
    month.values.has(wall.getUTCMonth() + 1) &&
    (both ? fitsDay && fitsWeekday : fitsDay || fitsWeekday)
  );
}

/** Every run in (after, until], in order, by looking at each minute from two hours before `after` on. */
export function referenceRuns(
  fields: Fields,
  zone: string,
  after: number,
  until: number,
  clock = wallClock,
): number[] {
  const found = new Set<number>();
  const seconds = fields.second ? [...fields.second.values] : [0];
  const everyHour = fields.hour.values.size === 24;
  const start = Math.floor(after / minuteMs) * minuteMs - 180 * minuteMs;
  let latest = clock(zone, start - minuteMs).getTime();
  for (let instant = start; instant <= until; instant += minuteMs) {
    const wall = clock(zone, instant);
    const isRepeated = wall.getTime() <= latest;
    if (!everyHour)
      for (let skipped = latest + minuteMs; skipped < wall.getTime(); skipped += minuteMs)
        if (fitsMinute(fields, new Date(skipped))) found.add(instant);
    if (fitsMinute(fields, wall) && (everyHour || !isRepeated))
      for (const second of seconds) found.add(instant + second * 1000);
    latest = Math.max(latest, wall.getTime());
  }
  return [...found].filter((run) => run > after && run <= until).sort((one, other) => one - other);
}
