import type { KeyStatus } from '../../../engine/migrate/results';
import { markup, type Markup } from './page';

/** A key to draw; `differs` if it is present, but not as declared. */
export type DrawnKey = Omit<KeyStatus, 'status'> & { readonly status: KeyStatus['status'] | 'differs' };

interface Box {
  readonly name: string;
  readonly columns: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const row = 24;
const gap = { x: 190, y: 20 };
const looks = {
  present: { mood: 'good', line: 'solid' },
  deferred: { mood: 'open', line: 'dashed' },
  missing: { mood: 'bad', line: 'dotted' },
  differs: { mood: 'bad', line: 'dashed' },
} as const;

/** An upper estimate of the width of a drawn text. */
const widthOf = (text: string): number => Math.ceil(text.length * 7.6) + 24;

/** The most keys between a table and one that refers to no table; a circle of keys counts once. */
function levelOf(table: string, keys: readonly DrawnKey[], seen: readonly string[] = []): number {
  const parents = keys.filter((key) => key.table === table).map(({ parentTable }) => parentTable);
  const below = parents.filter((parent) => parent !== table && !seen.includes(parent));
  return below.length === 0 ? 0 : 1 + Math.max(...below.map((one) => levelOf(one, keys, [...seen, table])));
}

/** Places the tables in columns, each to the left of its parents; a parent of tables further away stands lower. */
function layOut(keys: readonly DrawnKey[]): Map<string, Box> {
  const names = [...new Set(keys.flatMap(({ table, parentTable }) => [table, parentTable]))];
  const levels = new Map(names.map((name) => [name, levelOf(name, keys)]));
  const far = (name: string): number =>
    Math.max(
      0,
      ...keys.flatMap(({ table, parentTable }) => (parentTable === name ? [levels.get(table) ?? 0] : [])),
    );
  const boxes = new Map<string, Box>();
  let x = 8;
  for (let level = Math.max(...levels.values()); level >= 0; level -= 1) {
    const column = names
      .filter((name) => levels.get(name) === level)
      .sort((one, other) => far(one) - far(other));
    const texts = column.map((name) => [
      name,
      ...keys.flatMap((key) => (key.table === name ? [key.column] : [])),
    ]);
    const width = Math.max(...texts.flat().map(widthOf));
    let y = 8;
    for (const [name = '', ...columns] of texts) {
      const into = keys.filter(({ parentTable }) => parentTable === name).length;
      const height = row * (1 + Math.max(columns.length, into - 1)) + 8;
      boxes.set(name, { name, columns, x, y, width, height });
      y += height + gap.y;
    }
    x += width + gap.x;
  }
  return boxes;
}

/** The line from a column to its parent table, below any boxes between them; `above`: whether it arrives from above. */
function pathOf(from: Box, index: number, to: Box, slot: number, boxes: readonly Box[]) {
  const [x1, y1] = [from.x + from.width, from.y + row * (index + 1.5) + 4];
  const [x2, y2] = [to.x, to.y + row * (slot + 0.5) + 4];
  const between = boxes.filter((box) => box.x > x1 && box.x + box.width < x2);
  const bend = 60;
  const end = { x: x2, y: y2 };
  if (between.length === 0 || to.x < from.x)
    return { ...end, above: y1 < y2, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` };
  const left = Math.min(...between.map((box) => box.x));
  const below = Math.max(y2, ...between.map((box) => box.y + box.height + gap.y / 2));
  const steps = [
    `M${x1} ${y1}C${x1 + bend} ${y1} ${left - bend} ${below} ${left} ${below}`,
    `L${x2 - bend} ${below}C${x2 - bend / 2} ${below} ${x2 - bend / 2} ${y2} ${x2} ${y2}`,
  ];
  return { ...end, above: below < y2, d: steps.join('') };
}

/** A table with its columns that refer to others. */
function boxOf({ name, columns, x, y, width, height }: Box): Markup {
  const line = (text: string, index: number, looks: string): Markup =>
    markup`<text class="${looks}" x="${x + 10}" y="${y + 18 + row * index}">${text}</text>`;
  const frame = markup`<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;
  return markup`${frame}${line(name, 0, 'name')}${columns.map((column, index) => line(column, index + 1, 'column'))}\n`;
}

/** Draws the tables with their keys; the page needs a table that says the same in words. Pure. */
export function drawing(keys: readonly DrawnKey[]): Markup {
  const boxes = layOut(keys);
  const all = [...boxes.values()];
  const width = Math.max(...all.map((box) => box.x + box.width)) + 8;
  const slots = new Map<string, number>();
  const lines = keys.map((key) => {
    const [from, to] = [boxes.get(key.table)!, boxes.get(key.parentTable)!];
    const slot = slots.get(to.name) ?? 0;
    slots.set(to.name, slot + 1);
    const { d, x, y, above } = pathOf(from, from.columns.indexOf(key.column), to, slot, all);
    const { mood, line } = looks[key.status];
    const rule = `${key.onDelete}${key.status === 'present' ? '' : `, ${key.status}`}`;
    const label = markup`<text x="${x - 6}" y="${y + (above ? 14 : -5)}" text-anchor="end">${rule}</text>`;
    return { y, path: markup`<g class="${mood}"><path class="${line}" d="${d}"/>${label}</g>\n` };
  });
  const height = Math.max(...all.map((box) => box.y + box.height), ...lines.map(({ y }) => y)) + 20;
  return markup`<div class="wide" role="group" tabindex="0" aria-label="Drawing of the tables and keys">
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${all.length} tables with ${keys.length} keys; the table below says the same in words">
${lines.map(({ path }) => path)}${all.map(boxOf)}</svg>
</div>
`;
}
