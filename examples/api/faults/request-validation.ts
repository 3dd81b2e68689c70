import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { validationFailed, type FieldFault } from '@sendense/protection-flows';

/** Of a value that is missing all its rules are broken; one sentence says it. */
function constraintsOf({ property, value, constraints }: ValidationError): FieldFault['constraints'] | null {
  const isMissing = value === undefined || value === null;
  if (constraints === undefined || !isMissing || 'whitelistValidation' in constraints)
    return constraints ?? null;
  return { isDefined: `${property} should not be null or undefined` };
}

/** The faults of an object, those of nested ones under their path. */
function fieldFaults(errors: readonly ValidationError[], path = ''): FieldFault[] {
  return errors.flatMap((error) => {
    const field = `${path}${error.property}`;
    const constraints = constraintsOf(error);
    const nested = fieldFaults(error.children ?? [], `${field}.`);
    return constraints === null ? nested : [{ field, constraints }, ...nested];
  });
}

/**
 * Checks bodies and query strings against their classes and refuses what the classes do not name. Every wrong field comes
 * in one VALIDATION_FAILED, in the form that the data layer uses too: a client sees one kind of 400.
 */
export function requestValidation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    exceptionFactory: (errors) => validationFailed('request', fieldFaults(errors)),
  });
}
