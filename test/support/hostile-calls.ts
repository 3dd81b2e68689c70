import { types } from 'node:util';
import { isProtectionFlowsError } from '../../src/errors';
import { hostileTitles, hostileValues, type HostileTitle } from './hostile-values';

/** One argument of a public function: what would be right, and which hostile values are right all the same. */
export interface Argument {
  readonly name: string;
  readonly right: unknown;
  readonly takes: readonly HostileTitle[];
  /** Of an object: its properties, each with the hostile values that are right for it. */
  readonly fields?: Readonly<Record<string, readonly HostileTitle[]>>;
  /** True where properties that have no name here are passed over, as they may be of something else. */
  readonly open?: boolean;
}

/** A call with one hostile value, the others right. */
export interface HostileCall {
  /** `get(id: a Date)`: for the message of a test that fails. */
  readonly title: string;
  /** The argument or the property that the value stands for. */
  readonly field: string;
  /** True where the value stands for a whole object: what is wrong with it may be what it lacks. */
  readonly isWhole: boolean;
  readonly isRight: boolean;
  readonly values: readonly unknown[];
}

/** Every call of one function with one hostile value in one place: an argument, a property, and one that there is not. */
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

/** What came of a call: what it answered, or the error that it threw or rejected with. */
export interface Outcome {
  readonly value?: unknown;
  readonly error?: unknown;
  /** True where it threw, or answered something, at once: no promise. */
  readonly isSync: boolean;
}

/** Calls, and tells what came of it. Never throws. */
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

/** The fields that a VALIDATION_FAILED names; null for any other outcome. */
export function fieldsOf({ error }: Outcome): string[] | null {
  if (!isProtectionFlowsError(error, 'VALIDATION_FAILED')) return null;
  return error.details.fields.map(({ field }) => field);
}

/** An outcome for the message of a test that fails. */
export function told({ value, error }: Outcome): string {
  if (error === undefined) return `answered ${typeof value}`;
  return isProtectionFlowsError(error) ? `${error.code}: ${error.message}` : `threw ${String(error)}`;
}
