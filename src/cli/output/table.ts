import Table from 'cli-table3';
import type { Style } from './style';
import { textWidth, wrapHard } from './wrap';

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Takes the width that the other columns leave, its text wrapped into it. At most one. */
  readonly elastic?: boolean;
  /** Marks a cell's text; it is given one line of it at a time. */
  readonly mark?: (text: string) => string;
}

const gap = '  ';

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: gap,
};

/** Lines of an aligned table without rules, at most `width` columns wide. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
  width = textWidth(),
): string[] {
  const natural = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => longestLine(row[index] ?? ''))),
  );
  const elastic = columns.findIndex((column) => column.elastic);
  const room = width - gap.length * (columns.length - 1);
  const widths = shrunk(natural, elastic, room);

  const lines = new Table({
    chars: noLines,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: widths,
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  lines.push(
    columns.map((column, index) =>
      wrapHard(column.title, widths[index] ?? width)
        .map((line) => style.bold(line))
        .join('\n'),
    ),
  );
  for (const row of rows) {
    lines.push(
      columns.map((column, index) =>
        wrapHard(row[index] ?? '', widths[index] ?? width)
          .map((line) => (column.mark && line !== '' ? column.mark(line) : line))
          .join('\n'),
      ),
    );
  }
  return lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
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

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}
