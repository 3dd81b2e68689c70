import { options as optionsOf, properties, refuse, that, type Reader } from '../../arguments';
import type { FieldFault } from '../../errors';
import type { KeptPlan } from './kept-plan';
import { wishReaders } from './wishes';

const isForm = (form: unknown): boolean => form === 1;
const areStatements = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof (one as { sql?: unknown } | null)?.sql === 'string');
const readParts = properties({
  form: that('isForm', isForm, 'must be 1'),
  options: optionsOf(wishReaders),
  grounds: properties({}),
  statements: that('areStatements', areStatements, 'must be statements'),
});

/** Reads a kept plan of any origin. Fields not checked here are compared with the database later, or are only shown. */
export const planReader: Reader<KeptPlan> = (value, field, faults) => {
  const own: FieldFault[] = [];
  readParts(value, field, own);
  if (own.length > 0) refuse(faults, field, 'isPlan', 'must be what keepPlan of this release has answered');
  return value as KeptPlan;
};
