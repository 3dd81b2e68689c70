import {
  isProtectionFlowsError,
  ProtectionFlowsError,
  validationFailed,
  type ErrorCode,
  type ErrorDetails,
} from '../errors';
import { flowTypeConstraint, flowTypeFieldFaults } from '../validation/validate';
import type { Session } from './session';

/**
 * What the column's refusal of `cancelled` means: the program is newer than the schema, and nothing is wrong with what
 * it was given. Any other error as it is.
 */
export function cancelledRefused(error: unknown): unknown {
  if (!isProtectionFlowsError(error, 'VALIDATION_FAILED')) return error;
  if (!error.details.fields.some(({ field }) => field === 'last_execution_status')) return error;
  return new ProtectionFlowsError('MIGRATION_PENDING', {
    message: "the database does not know 'cancelled' as a flow's last status yet: a migration is pending",
    remedy: 'Run protection-flows migrate, then cancel the run again.',
    details: { table: 'protection_flows', column: 'last_execution_status' },
    cause: error,
  });
}

/** A write, for the errors of its refusal. */
interface Write {
  readonly table: 'protection_flows' | 'protection_flow_executions';
  /** Column → value. */
  readonly values: ReadonlyMap<string, unknown>;
  /** The id of the row that it changes; absent for an insert. */
  readonly changes?: string;
}

/** The value that is stored where the database takes the given one for it; undefined where it is gone again. */
async function storedValue(session: Session, table: string, column: string, given: unknown) {
  const [row] = await session.select<{ found: string }>(
    `SELECT ${column} AS found FROM ${table} WHERE ${column} = ? ${session.currentRead}`,
    [given],
  );
  return row?.found;
}

type Taken = 'ID_TAKEN' | 'FLOW_NAME_TAKEN';
type Refused<Code extends ErrorCode> = ProtectionFlowsError<Code, ErrorDetails[Code]>;

/** The stored id or name that the database takes the given one for, as its collation compares. */
async function withStoredValue(
  session: Session,
  { table, values }: Write,
  error: Refused<Taken>,
): Promise<ProtectionFlowsError> {
  const { field } = error.details;
  const given = values.get(field);
  const stored = await storedValue(session, table, field, given);
  if (stored === undefined) return error;
  const subject = field === 'name' ? 'a flow with the name' : `a row of ${table} with the id`;
  const why = given === stored ? '' : `: the database takes it for ${JSON.stringify(stored)}`;
  return new ProtectionFlowsError<Taken>(error.code, {
    message: `${subject} ${JSON.stringify(given)} exists already${why}`,
    remedy: error.remedy,
    details: { ...error.details, [field]: given, stored },
    cause: error.cause,
  });
}

function withId({ values }: Write, error: Refused<'REFERENCE_NOT_FOUND'>): ProtectionFlowsError {
  const { details, remedy, cause } = error;
  const id = values.get(details.field) as string;
  return new ProtectionFlowsError('REFERENCE_NOT_FOUND', {
    message: `${details.field} names ${JSON.stringify(id)}, which no row of ${details.references} has as its id`,
    remedy,
    details: { ...details, id },
    cause,
  });
}

/** The CHECK of a flow's type says that a field is missing, not which: the row does. */
async function withMissingField(
  session: Session,
  { values, changes }: Write,
  error: Refused<'VALIDATION_FAILED'>,
): Promise<ProtectionFlowsError> {
  const { fields } = error.details;
  if (changes === undefined || !fields.some(({ constraints }) => flowTypeConstraint in constraints))
    return error;
  const [row] = await session.select(
    `SELECT flow_type, repository_id, destination_type FROM protection_flows WHERE id = ? ${session.currentRead}`,
    [changes],
  );
  const missing = flowTypeFieldFaults({ ...row, ...Object.fromEntries(values) }, { complete: true });
  return missing.length === 0 ? error : validationFailed('ProtectionFlow', missing, error.cause);
}

async function explained(session: Session, write: Write, error: unknown): Promise<unknown> {
  if (isProtectionFlowsError(error, 'FLOW_NAME_TAKEN')) return withStoredValue(session, write, error);
  if (isProtectionFlowsError(error, 'ID_TAKEN')) return withStoredValue(session, write, error);
  if (isProtectionFlowsError(error, 'REFERENCE_NOT_FOUND')) return withId(write, error);
  if (isProtectionFlowsError(error, 'VALIDATION_FAILED')) return withMissingField(session, write, error);
  return error;
}

/**
 * Executes a write; where the database refuses it, the error says what it takes the row and the values to know: which id names
 * no row, which stored name or id the given one is taken for, which field is missing.
 */
export async function explainingRefusals<Result>(
  session: Session,
  write: Write,
  execute: () => Promise<Result>,
): Promise<Result> {
  try {
    return await execute();
  } catch (error) {
    throw await explained(session, write, error).catch(() => error);
  }
}
