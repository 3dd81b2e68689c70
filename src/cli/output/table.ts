import { markStatus, type Style } from './style';
import { textWidth, wrapHard } from './wrap';

/** A column of a table. */
interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes the width that the other columns leave, its text wrapped into it. At most one. */
  readonly elastic?: boolean;
  /** Marks a cell's text; it is given one line of it at a time. */
  readonly mark?: (text: string) => string;
}

const gap = '  ';

/** Lines of an aligned table without rules, as wide as text may be; none where it has no row. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string[] {
  if (rows.length === 0) return [];
  const natural = columns.map(({ title }, index) =>
    Math.max(
      title.length,
      ...rows.flatMap((row) => (row[index] ?? '').split('\n').map(({ length }) => length)),
    ),
  );
  const elastic = columns.findIndex((column) => column.elastic);
  const widths = shrunk(natural, elastic, textWidth() - gap.length * (columns.length - 1));
  const titles = columns.map(({ title, align }) => ({ title, align, mark: style.bold }));
  const head = rowLines(
    titles,
    columns.map(({ title }) => title),
    widths,
  );
  return [...head, ...rows.flatMap((row) => rowLines(columns, row, widths))];
}

/** The lines of one row: as many as its longest cell takes. Marked after it is padded, for a mark has no width. */
function rowLines(columns: readonly Column[], cells: readonly string[], widths: readonly number[]): string[] {
  const wrapped = widths.map((width, index) => wrapHard(cells[index] ?? '', width));
  return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, line) =>
    columns
      .map(({ align, mark }, index) => {
        const text = wrapped[index]?.[line] ?? '';
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - text.length));
        const shown = mark === undefined || text === '' ? text : mark(text);
        return align === 'right' ? padding + shown : shown + padding;
      })
      .join(gap)
      .trimEnd(),
  );
}

/** What each column keeps at least where there is not room for all. */
const elasticLeast = 12;
const othersLeast = 6;

/** The widths of the columns in that room: the elastic one gives way first, then the widest of the others. */
function shrunk(natural: readonly number[], elastic: number, room: number): number[] {
  const widths = [...natural];
  const over = (): number => widths.reduce((sum, own) => sum + own, 0) - room;
  if (elastic >= 0 && over() > 0)
    widths[elastic] = Math.max(Math.min(elasticLeast, widths[elastic] ?? 0), (widths[elastic] ?? 0) - over());
  while (over() > 0) {
    const widest = Math.max(...widths.map((own, index) => (index === elastic ? 0 : own)), 0);
    if (widest <= othersLeast) break;
    widths[widths.findIndex((own, index) => index !== elastic && own === widest)] = widest - 1;
  }
  return widths;
}

/** The declared keys: name, status, and the milliseconds that each took, where they are known. */
export function keysTable(
  keys: readonly { readonly name: string; readonly status: string; readonly ms?: number }[],
  style: Style,
): string[] {
  const times = keys.every(({ ms }) => ms !== undefined);
  return table(
    [
      { title: 'FOREIGN KEY', elastic: true },
      { title: 'STATUS', mark: (text) => markStatus(text, style) },
      ...(times ? [{ title: 'MS', align: 'right' as const }] : []),
    ],
    keys.map(({ name, status, ms = 0 }) => [name, status, String(Math.round(ms))]),
    style,
  );
}

/** How many rows of which table, without the tables that have none. */
export function rowsTable(title: string, counts: Readonly<Record<string, number>>, style: Style): string[] {
  return table(
    [
      { title, elastic: true },
      { title: 'ROWS', align: 'right' },
    ],
    Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [[name, String(count)]] : [])),
    style,
  );
}
