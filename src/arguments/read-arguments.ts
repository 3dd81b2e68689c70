import type { FieldFault } from '../errors';
import { argumentsRefused } from '../errors/validation-failed';

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
    const values: Record<string, unknown> = {};
    for (const name of names) values[name] = readBy(readers[name]!, given[name], name, faults);
    if (faults.length > 0) throw argumentsRefused(subject, faults);
    return values as ValuesOf<Named>;
  };
}
