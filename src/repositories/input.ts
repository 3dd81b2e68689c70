import {
  count,
  instantOf,
  optional,
  that,
  type Reader,
  readProperties,
  type PropertyValues,
} from '../arguments';
import { isStorableTimestamp, timestampRangeText } from '../domain';
import type { FieldFault } from '../errors';
import type { WriteMode } from '../validation';
import { mergeFaults, faultsOfRow } from '../validation/validate';

const storable = that<Date>('isDate', isStorableTimestamp, `must be a valid Date from ${timestampRangeText}`);

/** An instant that the database's columns can be compared with; a copy, which its owner can't change. */
export const instant: Reader<Date> = (value, field, faults) => {
  const given = storable(value, field, faults);
  return given === undefined ? given : instantOf(given);
};

/** How many rows at most. */
export function limitOf(max: number, otherwise: number): Reader<number> {
  return optional(count({ min: 1, max }), otherwise);
}

/** The row with JSON of its own: its caller may change the objects before they are written, after they were judged. */
function withOwnJson(row: PropertyValues): PropertyValues {
  const objects = Object.entries(row).filter(([, value]) => typeof value === 'object' && value !== null);
  if (objects.length === 0) return row;
  const copies = objects.map(([column, value]) => [column, JSON.parse(JSON.stringify(value)) as unknown]);
  return { ...row, ...(Object.fromEntries(copies) as PropertyValues) };
}

/**
 * An object with columns of an entity: those that a caller may set, each as the entity's rules want it. A property that is
 * undefined does not count.
 *
 * @param allowed the columns that a caller may set
 * @param refusal the end of the sentence on another property
 * @param judge what else is wrong with the columns, by rules of the call
 */
export function columnsOf<Input extends object>(
  entity: 'ProtectionFlow' | 'ProtectionFlowExecution',
  allowed: readonly string[],
  mode: WriteMode,
  {
    refusal = "can't be set",
    judge,
  }: { refusal?: string; judge?: (row: PropertyValues) => FieldFault[] } = {},
): Reader<Input> {
  return (value, field, faults) => {
    const row = readProperties(value, field, allowed, faults, () => refusal);
    if (row === null) return undefined as never;
    // Of a change that names the type alone, what the type needs is for the database's CHECK to judge
    const ofRow = faultsOfRow(entity, row, mode).filter((one) => allowed.includes(one.field));
    const wrong = judge === undefined ? ofRow : mergeFaults(ofRow, judge(row));
    faults.push(...wrong);
    return (wrong.length > 0 ? row : withOwnJson(row)) as Input;
  };
}
