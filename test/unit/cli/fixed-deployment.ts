import type { SchemaFit } from '../../../src/engine/verify/check-schema';
import { where } from './fixed-results';

const lost = { object: 'column', table: 'protection_flows', property: 'presence', actual: null } as const;

/** A schema that lost two columns. */
export const schemaFit: SchemaFit = {
  ok: false,
  ...where,
  state: 'differs',
  message: 'the schema is not as declared: a and b are missing',
  remedy: 'protection-flows verify',
  pending: [],
  unknown: [],
  differences: [
    { ...lost, name: 'description', expected: 'text NULL' },
    { ...lost, name: 'created_by', expected: "varchar(255) NOT NULL DEFAULT 'system'" },
  ],
};
