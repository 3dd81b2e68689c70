import { quoteName, select } from '../queryable';
import type { Column } from '../shape';
import type { StepContext } from '../step';
import { integerRange } from './integer-range';

const textBytes: Readonly<Record<string, number>> = { tinytext: 255, text: 65_535, mediumtext: 16_777_215 };

function lengthCondition(name: string, type: string): string | null {
  const characters = /^(?:var)?char\((\d+)\)$/.exec(type)?.[1];
  if (characters !== undefined) return `CHAR_LENGTH(${name}) > ${characters}`;
  const bytes = textBytes[type];
  return bytes === undefined ? null : `LENGTH(${name}) > ${bytes}`;
}

/** A condition that is true for the values of a column that another definition of it would not take; null for none. */
export function misfitCondition(from: Column, to: Column): string | null {
  const name = quoteName(from.name);
  const conditions: string[] = [];
  if (from.nullable && !to.nullable) conditions.push(`${name} IS NULL`);
  if (from.type !== to.type) {
    const range = integerRange(to.type);
    const values = /^enum\((.*)\)$/.exec(to.type)?.[1];
    const tooLong = lengthCondition(name, to.type);
    if (range !== null) conditions.push(`${name} NOT BETWEEN ${range.least} AND ${range.greatest}`);
    if (values !== undefined) conditions.push(`${name} NOT IN (${values})`);
    if (tooLong !== null) conditions.push(tooLong);
  }
  return conditions.length === 0 ? null : conditions.join(' OR ');
}

/** How many rows hold such a value. */
export async function countRows(context: StepContext, table: string, condition: string): Promise<number> {
  const [counted] = await select<{ rows: number | string }>(
    context.session,
    `SELECT COUNT(*) AS \`rows\` FROM ${quoteName(table)} WHERE ${condition}`,
  );
  return Number(counted?.rows ?? 0);
}
