import type { Column } from '../../src/engine/schema/shape';
import { integerRange } from '../../src/engine/schema/column-type';

const textSizes = ['tinytext', 'text', 'mediumtext', 'longtext'];

/** The values of an ENUM; null for any other type. */
export function enumValues(type: string): string[] | null {
  const list = /^enum\((.*)\)$/.exec(type)?.[1];
  if (list === undefined) return null;
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map((match) => (match[1] ?? '').replaceAll("''", "'"));
}

function enumLoss(before: readonly string[], after: readonly string[]): string | null {
  const removed = before.filter((value) => !after.includes(value));
  if (removed.length > 0) return `rows may hold ${removed.join(', ')}, which the new list lacks`;
  return before.every((value, position) => after[position] === value)
    ? null
    : 'the values are in another order, and a row stores the position: new ones go to the end';
}

function integerLoss(before: string, after: string): string | null | undefined {
  const [from, to] = [integerRange(before), integerRange(after)];
  if (from === null || to === null) return undefined;
  const fits = to.least <= from.least && to.greatest >= from.greatest;
  return fits ? null : `${after} holds less than ${before}`;
}

function lengthLoss(before: string, after: string): string | null | undefined {
  const pattern = /^(varchar|char|varbinary)\((\d+)\)$/;
  const [from, to] = [pattern.exec(before), pattern.exec(after)];
  if (from === null || to === null || from[1] !== to[1]) return undefined;
  return Number(to[2]) >= Number(from[2]) ? null : `values longer than ${to[2] ?? ''} would be cut`;
}

function textLoss(before: string, after: string): string | null | undefined {
  const [from, to] = [textSizes.indexOf(before), textSizes.indexOf(after)];
  if (from < 0 || to < 0) return undefined;
  return to >= from ? null : `${after} holds less than ${before}`;
}

function decimalLoss(before: string, after: string): string | null | undefined {
  const pattern = /^decimal\((\d+),(\d+)\)$/;
  const [from, to] = [before, after].map((type) => pattern.exec(type)?.slice(1).map(Number));
  if (from === undefined || to === undefined) return undefined;
  const [[digits = 0, scale = 0], [newDigits = 0, newScale = 0]] = [from, to];
  const fits = newScale >= scale && newDigits - newScale >= digits - scale;
  return fits ? null : `${after} holds less than ${before}`;
}

/** Why a change of type can lose data; null where it can't. */
export function typeLoss(before: string, after: string): string | null {
  if (before === after) return null;
  const [from, to] = [enumValues(before), enumValues(after)];
  if (from !== null && to !== null) return enumLoss(from, to);
  for (const loss of [integerLoss, lengthLoss, textLoss, decimalLoss]) {
    const answer = loss(before, after);
    if (answer !== undefined) return answer;
  }
  return `${before} and ${after} are types of different kinds, and not every value survives the conversion`;
}

/** Why a change of nullability can't be made on rows that exist; null where it can. */
export function nullLoss(before: Column, after: Column): string | null {
  if (!before.nullable || after.nullable || after.default !== null) return null;
  return 'rows may hold NULL, and nothing says what they should hold instead';
}
