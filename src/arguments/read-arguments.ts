import { argumentsRefused, type FieldFault } from '../errors';
import { notKnown } from './text';

/**
 * Says what one argument, option or field may be: answers the value to go on with, or adds to the faults what is wrong with
 * it. Where it adds a fault, its answer is never used.
 */
export type Reader<Value> = (value: unknown, field: string, faults: FieldFault[]) => Value;

/** Readers by the name of the argument, or of the option. */
export type Readers = Readonly<Record<string, Reader<unknown>>>;

/** What a reader answers. */
export type ValueOf<One extends Reader<unknown>> = One extends Reader<infer Value> ? Value : never;

/** What readers answer, by the same names. */
export type ValuesOf<Named extends Readers> = {
  readonly [Name in keyof Named]: ValueOf<Named[Name]>;
};

/** The answer of a reader that has added a fault. */
export function refuse(faults: FieldFault[], field: string, rule: string, sentence: string): never {
  faults.push({ field, constraints: { [rule]: `${field} ${sentence}` } });
  return undefined as never;
}

/** What a reader answers; what throws when it is looked at, as a getter or a proxy of the caller's may, is a fault too. */
export function readBy<Value>(
  reader: Reader<Value>,
  value: unknown,
  field: string,
  faults: FieldFault[],
): Value {
  try {
    return reader(value, field, faults);
  } catch {
    return refuse(faults, field, 'isReadable', 'must be something that can be read: what it holds throws');
  }
}

/**
 * Declares the arguments of one public function. Only TypeScript's compiler stands between a caller and a function, and
 * not every caller has it: what is declared here is judged at every call.
 *
 * @param subject what the error says is not valid: the function, or the entity that it writes
 * @returns reads the arguments of a call; throws VALIDATION_FAILED, naming everything that is wrong with all of them
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

/** What a function with declared arguments is called with: anything, until they are read. */
export type Asked<Read extends (given: never) => unknown> = Parameters<Read>[0];

/** The named properties of an object, each read once. */
export type PropertyValues = Readonly<Record<string, unknown>>;

/**
 * Reads the known properties of an object, each once: what is judged is then what is used. An instance of a class of the
 * caller's is fine, anything that is a value of its own (an array, a Date, a Map, a promise) is not.
 *
 * @param unknown the end of the sentence on a property that is not known; null where such are passed over
 * @returns null where a fault stands in the way of all of them
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
    // A getter or a proxy of the caller's
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

/** An object of which only the named properties matter. */
export function properties<Named extends Readers>(readers: Named): Reader<ValuesOf<Named>> {
  const names = Object.keys(readers);
  return (value, field, faults) => {
    const given = readProperties(value, field, names, faults, null);
    return given === null ? (undefined as never) : readAll(readers, names, given, faults);
  };
}

/**
 * An object with options. None at all is one without options: what is required is then missing by its name.
 *
 * @param across judges the options together, where each by itself is right
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
