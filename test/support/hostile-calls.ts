import { types } from 'node:util';
import { isProtectionFlowsError } from '../../src/errors';
import { hostileTitles, hostileValues, type HostileTitle } from './hostile-values';

/** One argument of a public function: a valid value, and the hostile values that are valid too. */
export interface Argument {
  readonly name: string;
  readonly right: unknown;
  readonly takes: readonly HostileTitle[];
  /** For an object: its properties, each with the hostile values that are valid for it. */
  readonly fields?: Readonly<Record<string, readonly HostileTitle[]>>;
  /** True if unknown properties are ignored, because they may belong to something else. */
  readonly open?: boolean;
}

/** A call with one hostile value and otherwise valid ones. */
export interface HostileCall {
  /** For the message of a failed test, such as `get(id: a Date)`. */
  readonly title: string;
  /** The argument or property that has the hostile value. */
  readonly field: string;
  /** True if the value replaces a whole object: the fault may then be a missing property. */
  readonly isWhole: boolean;
  readonly isRight: boolean;
  readonly values: readonly unknown[];
}

/** Returns every call of a function with one hostile value: as an argument, a property, or an unknown property. */
export function hostileCalls(name: string, all: readonly Argument[]): HostileCall[] {
  const rights = all.map(({ right }) => right);
  return all.flatMap((argument, at) => {
    const { fields, right } = argument;
    const call = (field: string, takes: readonly HostileTitle[], place: (value: unknown) => unknown) =>
      hostileTitles.map((title): HostileCall => ({
        title: `${name}(${field}: ${title})`,
        field,
        isWhole: fields !== undefined && field === argument.name,
        isRight: takes.includes(title),
        values: rights.with(at, place(hostileValues[title])),
      }));
    const ofFields = Object.entries(fields ?? {}).flatMap(([field, takes]) =>
      call(field, takes, (value) => ({ ...(right as object), [field]: value })),
    );
    const unknown =
      fields === undefined || argument.open
        ? []
        : call('nonsense', ['undefined'], (value) => ({ ...(right as object), nonsense: value }));
    return [...call(argument.name, argument.takes, (value) => value), ...ofFields, ...unknown];
  });
}

/** The result of a call: its value, or the error that it threw or rejected with. */
export interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
  /** True if it threw or returned synchronously, without a promise. */
  readonly isSync: boolean;
}

/** Makes the call, and returns its outcome. Never throws. */
export async function outcomeOf(call: () => unknown): Promise<Outcome> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return { error, isSync: true };
  }
  if (!types.isPromise(result)) return { value: result, isSync: true };
  return result.then(
    (value: unknown) => ({ value, isSync: false }),
    (error: unknown) => ({ error, isSync: false }),
  );
}

/** Returns the fields that a VALIDATION_FAILED names; null for any other outcome. */
export function fieldsOf({ error }: Outcome): string[] | null {
  if (!isProtectionFlowsError(error, 'VALIDATION_FAILED')) return null;
  return error.details.fields.map(({ field }) => field);
}

/** Describes an outcome in the message of a failed test. */
export function told({ value, error }: Outcome): string {
  if (error === undefined) return `answered ${typeof value}`;
  return isProtectionFlowsError(error) ? `${error.code}: ${error.message}` : `threw ${String(error)}`;
}
