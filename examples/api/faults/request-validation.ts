import {
  ValidationPipe,
  type ArgumentMetadata,
  type PipeTransform,
  type ValidationError,
} from '@nestjs/common';
import { validationFailed, type FieldFault } from '@sendense/protection-flows';

/** A missing value breaks all its rules; one sentence is enough. */
function constraintsOf({ property, value, constraints }: ValidationError): FieldFault['constraints'] | null {
  const isMissing = value === undefined || value === null;
  if (constraints === undefined || !isMissing || 'whitelistValidation' in constraints)
    return constraints ?? null;
  return { isDefined: `${property} should not be null or undefined` };
}

/** The faults of an object; those of nested objects have their path. */
function fieldFaults(errors: readonly ValidationError[], path = ''): FieldFault[] {
  return errors.flatMap((error) => {
    const field = `${path}${error.property}`;
    const constraints = constraintsOf(error);
    const nested = fieldFaults(error.children ?? [], `${field}.`);
    return constraints === null ? nested : [{ field, constraints }, ...nested];
  });
}

const rules = {
  transform: true,
  whitelist: true,
  exceptionFactory: (errors: ValidationError[]) => validationFailed('request', fieldFaults(errors)),
} as const;

/**
 * Checks bodies and query strings against their classes. Unknown fields are refused, or ignored if the class says so
 * (`passesOverUnknown`). One VALIDATION_FAILED lists every wrong field, in the data layer's form: a client sees one kind
 * of 400.
 */
export function requestValidation(): PipeTransform {
  const strict = new ValidationPipe({ ...rules, forbidNonWhitelisted: true });
  const lenient = new ValidationPipe(rules);
  return {
    transform: (value: unknown, metadata: ArgumentMetadata): Promise<unknown> => {
      const isLenient = metadata.metatype !== undefined && 'passesOverUnknown' in metadata.metatype;
      return (isLenient ? lenient : strict).transform(value, metadata) as Promise<unknown>;
    },
  };
}
