import { validationFailed, type FieldFault } from '../errors';

/** What an option may be. */
export interface CountRule {
  readonly min: number;
  readonly max: number;
  /** Taken where the option is not given; without it, the option is required. */
  readonly otherwise?: number;
}

/**
 * Reads the numbers of a call's options, and refuses all wrong ones at once.
 *
 * @throws VALIDATION_FAILED, naming each option that is no whole number within its bounds
 */
export function readCounts<Name extends string>(
  call: string,
  options: object,
  rules: Readonly<Record<Name, CountRule>>,
): Record<Name, number> {
  const faults: FieldFault[] = [];
  const counts = {} as Record<Name, number>;
  for (const [name, rule] of Object.entries(rules) as [Name, CountRule][]) {
    const value = (options as Partial<Record<Name, unknown>>)[name] ?? rule.otherwise;
    if (Number.isSafeInteger(value) && (value as number) >= rule.min && (value as number) <= rule.max) {
      counts[name] = value as number;
    } else {
      const isInt = `${name} must be a whole number from ${rule.min} to ${rule.max}`;
      faults.push({ field: name, constraints: { isInt } });
    }
  }
  if (faults.length > 0) throw validationFailed(call, faults);
  return counts;
}

/**
 * A list of ids, each once, in order.
 *
 * @throws VALIDATION_FAILED where it is no list of texts
 */
export function readIds(call: string, field: string, ids: unknown): string[] {
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string' && id !== '')) {
    return [...new Set(ids as string[])];
  }
  throw validationFailed(call, [
    { field, constraints: { isIds: `${field} must be a list of ids, none of them blank` } },
  ]);
}

/**
 * A text of 1 to 255 characters, such as a worker's name.
 *
 * @throws VALIDATION_FAILED for anything else
 */
export function readName(call: string, field: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && Array.from(value).length <= 255) return value;
  throw validationFailed(call, [
    { field, constraints: { isName: `${field} must be a text of 1 to 255 characters, not blank` } },
  ]);
}
