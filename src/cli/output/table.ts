import { markStatus, type Style } from './style';
import { textWidth, wrapHard } from './wrap';

interface Column {
  /** A terminal shows it in capitals. */
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** On a terminal it takes the width that the other columns leave, and wraps its text. At most one column. */
  readonly elastic?: boolean;
  /** What its cells hold, if not text for people. */
  readonly holds?: 'code' | 'status';
}

/** A table, for a terminal and for Markdown. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

const gap = '  ';

/** The lines of an aligned table without rules, at most as wide as text may be; none if it has no row. */
export function tableText({ columns, rows }: Table, style: Style): string[] {
  if (rows.length === 0) return [];
  const natural = columns.map(({ title }, index) =>
    Math.max(
      title.length,
      ...rows.flatMap((row) => (row[index] ?? '').split('\n').map(({ length }) => length)),
    ),
  );
  const elastic = columns.findIndex((column) => column.elastic);
  const widths = shrunk(natural, elastic, textWidth() - gap.length * (columns.length - 1));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const mark = (text: string, { holds }: Column): string =>
    holds === 'status' ? markStatus(text, style) : text;
  return [
    ...rowLines(columns, titles, widths, style.bold),
    ...rows.flatMap((row) => rowLines(columns, row, widths, mark)),
  ];
}

/** The lines of one row, as many as its longest cell needs. Pads a cell before marking it: a mark takes no width. */
function rowLines(
  columns: readonly Column[],
  cells: readonly string[],
  widths: readonly number[],
  mark: (text: string, column: Column) => string,
): string[] {
  const wrapped = widths.map((width, index) => wrapHard(cells[index] ?? '', width));
  return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, line) =>
    columns
      .map((column, index) => {
        const text = wrapped[index]?.[line] ?? '';
        const padding = ' '.repeat(Math.max(0, (widths[index] ?? 0) - text.length));
        const shown = text === '' ? text : mark(text, column);
        return column.align === 'right' ? padding + shown : shown + padding;
      })
      .join(gap)
      .trimEnd(),
  );
}

/** The least widths, in a room too narrow for all columns. */
const elasticLeast = 12;
const othersLeast = 6;

/** The widths of the columns in a room: shrinks the elastic column first, then the widest of the others. */
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

/** The declared keys: name, status, and the milliseconds that each took, if `times` is true and all are known. */
export function keysTable(
  keys: readonly { readonly name: string; readonly status: string; readonly ms?: number }[],
  times = true,
): Table {
  const columns: Column[] = [
    { title: 'Foreign key', elastic: true, holds: 'code' },
    { title: 'Status', holds: 'status' },
  ];
  if (times && keys.every(({ ms }) => ms !== undefined)) columns.push({ title: 'ms', align: 'right' });
  const rows = keys.map(({ name, status, ms = 0 }) => [name, status, String(Math.round(ms))]);
  return { columns, rows };
}

/** Numbers of rows by table, without tables that have none. */
export const rowsTable = (title: string, counts: Readonly<Record<string, number>>): Table => ({
  columns: [
    { title, elastic: true },
    { title: 'Rows', align: 'right' },
  ],
  rows: Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [[name, String(count)]] : [])),
});
