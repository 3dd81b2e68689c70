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

/** Reads a Date in the range of TIMESTAMP columns, and copies it, so that the caller can't change it later. */
export const instant: Reader<Date> = (value, field, faults) => {
  const given = storable(value, field, faults);
  return given === undefined ? given : instantOf(given);
};

/** Reads a limit of rows from 1 to `max`, with a default. */
export function limitOf(max: number, otherwise: number): Reader<number> {
  return optional(count({ min: 1, max }), otherwise);
}

/** Copies a row's JSON values: the caller might change the objects after the checks and before the write. */
function withOwnJson(row: PropertyValues): PropertyValues {
  const objects = Object.entries(row).filter(([, value]) => typeof value === 'object' && value !== null);
  if (objects.length === 0) return row;
  const copies = objects.map(([column, value]) => [column, JSON.parse(JSON.stringify(value)) as unknown]);
  return { ...row, ...(Object.fromEntries(copies) as PropertyValues) };
}

/**
 * Makes a reader for an object with columns of an entity, checked by the entity's rules. Undefined properties are ignored.
 *
 * @param allowed the columns that a caller may set
 * @param refusal the end of the message about any other property
 * @param judge finds further faults, by rules of the call
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
    // If a change gives only the type, the database's CHECK judges the columns that the type needs
    const ofRow = faultsOfRow(entity, row, mode).filter((one) => allowed.includes(one.field));
    const wrong = judge === undefined ? ofRow : mergeFaults(ofRow, judge(row));
    faults.push(...wrong);
    return (wrong.length > 0 ? row : withOwnJson(row)) as Input;
  };
}
