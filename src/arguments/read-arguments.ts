import { argumentsRefused, type FieldFault } from '../errors';
import { notKnown } from './text';

/**
 * Reads one argument, option or field: returns the value to use, or adds a fault. After a fault, the returned value is never
 * used.
 */
export type Reader<Value> = (value: unknown, field: string, faults: FieldFault[]) => Value;

/** Readers by the name of the argument, or of the option. */
export type Readers = Readonly<Record<string, Reader<unknown>>>;

/** The value that a reader returns. */
export type ValueOf<One extends Reader<unknown>> = One extends Reader<infer Value> ? Value : never;

/** The values that readers return, by the same names. */
export type ValuesOf<Named extends Readers> = {
  readonly [Name in keyof Named]: ValueOf<Named[Name]>;
};

/** Adds a fault. Returns what a reader returns after a fault. */
export function refuse(faults: FieldFault[], field: string, rule: string, sentence: string): never {
  faults.push({ field, constraints: { [rule]: `${field} ${sentence}` } });
  return undefined as never;
}

/** Calls a reader. A value that throws when it is read, such as a getter or a proxy of the caller, is a fault too. */
export function readBy<Value>(
  reader: Reader<Value>,
  value: unknown,
  field: string,
  faults: FieldFault[],
): Value {
  try {
    return reader(value, field, faults);
  } catch {
    return refuse(faults, field, 'isReadable', 'must be readable, but reading it throws an error');
  }
}

/**
 * Declares the arguments of one public function, to check them at every call: not every caller uses the TypeScript compiler.
 *
 * @param subject what the error calls not valid: the function, or the entity that it writes
 * @returns a function that reads the arguments of a call; it throws VALIDATION_FAILED, naming all faults of all arguments
 */
export function declareArguments<Named extends Readers>(
  subject: string,
  readers: Named,
): (given: Readonly<Record<keyof Named, unknown>>) => ValuesOf<Named> {
  const names = Object.keys(readers);
  return (given) => {
    const faults: FieldFault[] = [];
    const values = readAll(readers, names, given, faults);
    if (faults.length > 0) throw argumentsRefused(subject, faults);
    return values;
  };
}

/** The arguments of a call before they are read: anything. */
export type Asked<Read extends (given: never) => unknown> = Parameters<Read>[0];

/** Properties of an object by name, each read once. */
export type PropertyValues = Readonly<Record<string, unknown>>;

/**
 * Reads the known properties of an object, each once, so that the checked value is the used one. Accepts an instance of a
 * class of the caller, but no array, Date, Map or promise.
 *
 * @param unknown makes the end of the sentence on an unknown property; null to ignore unknown properties
 * @returns null if the object as a whole is at fault
 */
export function readProperties(
  value: unknown,
  field: string,
  known: readonly string[],
  faults: FieldFault[],
  unknown: ((name: string) => string) | null = (name) => notKnown(name, known),
): PropertyValues | null {
  try {
    if (Object.prototype.toString.call(value) !== '[object Object]')
      return refuse(faults, field, 'isObject', 'must be an object') ?? null;
    const given = value as PropertyValues;
    const values: Record<string, unknown> = {};
    for (const name of known) values[name] = given[name];
    if (unknown !== null)
      for (const name of Object.keys(given))
        if (!known.includes(name) && given[name] !== undefined)
          refuse(faults, name, 'whitelist', unknown(name));
    return values;
  } catch {
    // A getter or a proxy of the caller threw
    return refuse(faults, field, 'isReadable', 'must be an object whose properties can be read') ?? null;
  }
}

function readAll<Named extends Readers>(
  readers: Named,
  names: readonly string[],
  given: PropertyValues,
  faults: FieldFault[],
): ValuesOf<Named> {
  const values: Record<string, unknown> = {};
  for (const name of names) values[name] = readBy(readers[name]!, given[name], name, faults);
  return values as ValuesOf<Named>;
}

/** An object of which only the named properties are read. */
export function properties<Named extends Readers>(readers: Named): Reader<ValuesOf<Named>> {
  const names = Object.keys(readers);
  return (value, field, faults) => {
    const given = readProperties(value, field, names, faults, null);
    return given === null ? (undefined as never) : readAll(readers, names, given, faults);
  };
}

/**
 * An object with options. Undefined counts as an object without options, so that a required option is reported by its name.
 *
 * @param across checks the options together, if each of them is right
 */
export function options<Named extends Readers>(
  readers: Named,
  across?: (values: ValuesOf<Named>, faults: FieldFault[]) => void,
): Reader<ValuesOf<Named>> {
  const names = Object.keys(readers);
  return (value, field, faults) => {
    const before = faults.length;
    const given = value === undefined ? {} : readProperties(value, field, names, faults);
    if (given === null) return undefined as never;
    const values = readAll(readers, names, given, faults);
    if (faults.length === before) across?.(values, faults);
    return values;
  };
}
