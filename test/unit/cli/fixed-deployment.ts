import type { KeptPlan } from '../../../src/engine/migrate';
import type { SchemaFit } from '../../../src/engine/verify/check-schema';
import { plan, where } from './fixed-results';

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

/** The plan, kept. */
export const keptPlan: KeptPlan = {
  ...plan,
  form: 1,
  options: { orphans: 'report', copyLimitRows: 100_000 },
  grounds: { server: 'mariadb 10.11.14 db:3306' },
  sizes: { protection_flows: { rows: 1200, bytes: 340_000 } },
  statements: plan.statements.map((one) => ({ ...one, seconds: 0.25 })),
};
