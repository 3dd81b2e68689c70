import { validateSync } from 'class-validator';
import { ProtectionFlow, ProtectionFlowExecution } from '../entities';
import type { FieldFault } from '../errors';
import { flowTypeFieldFaults } from './flow-type-rule';
import { isKnownRight } from './known-right';

/** `insert`: a whole new row, its required columns must be there. `update`: some columns of a row. */
export type WriteMode = 'insert' | 'update';

/** The columns of a row, by name; one that is missing or undefined is not given. */
export type RowValues = Readonly<Record<string, unknown>>;

/** An entity with rules, and what its errors call it. */
export interface ValidatedEntity {
  readonly name: 'ProtectionFlow' | 'ProtectionFlowExecution';
  readonly target: new () => object;
  /** The rule across its fields, if there is one. */
  readonly rowFaults: typeof flowTypeFieldFaults;
}

/** The entities with rules. */
export const validatedEntities: readonly ValidatedEntity[] = [
  { name: 'ProtectionFlow', target: ProtectionFlow, rowFaults: flowTypeFieldFaults },
  { name: 'ProtectionFlowExecution', target: ProtectionFlowExecution, rowFaults: () => [] },
];

const isMissing = (value: unknown): boolean => value === null || value === undefined;

const unreadable = Symbol('a value that throws when it is looked at');

/** class-validator asks each value whether it is a promise, which one that throws does not survive. */
function readable(values: RowValues): RowValues {
  const look = (value: unknown): unknown => {
    try {
      void (value as { then?: unknown } | null | undefined)?.then;
      return value;
    } catch {
      return unreadable;
    }
  };
  return Object.fromEntries(Object.entries(values).map(([field, value]) => [field, look(value)]));
}

/**
 * Every fault of single fields. `leftToServer` names columns whose value the database computes: they count as given and
 * are not judged.
 */
export function fieldFaults(
  { target }: ValidatedEntity,
  values: RowValues,
  mode: WriteMode,
  leftToServer: ReadonlySet<string> = new Set(),
): FieldFault[] {
  if (leftToServer.size === 0 && isKnownRight(target, values, mode)) return [];
  // class-validator judges instances only: a plain object is an unknown value to it
  const row = Object.assign(new target(), readable(values));
  const errors = validateSync(row, {
    // Rules without a group hold always, those of the group `insert` for a new row
    always: true,
    groups: [mode],
    skipUndefinedProperties: true,
    validationError: { target: false, value: true },
  });
  return errors
    .filter(({ property }) => !leftToServer.has(property))
    .map(({ property, value, constraints = {} }) => ({
      field: property,
      // Of a missing value all its rules are broken; one sentence says it
      constraints: isMissing(value)
        ? { isDefined: `${property} should not be null or undefined` }
        : { ...constraints },
    }));
}

/** The faults of two sources, those of one field as one. */
export function mergeFaults(...lists: readonly (readonly FieldFault[])[]): FieldFault[] {
  const byField = new Map<string, FieldFault>();
  for (const fault of lists.flat()) {
    const known = byField.get(fault.field);
    byField.set(fault.field, {
      field: fault.field,
      constraints: { ...known?.constraints, ...fault.constraints },
    });
  }
  return [...byField.values()];
}
