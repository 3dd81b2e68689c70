import { readProperties, type PropertyValues, type Reader } from '../arguments';
import type { FieldFault } from '../errors';
import type { WriteMode } from '../validation';
import { mergeFaults } from '../validation/field-faults';
import { faultsOfRow } from '../validation/validate';

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
