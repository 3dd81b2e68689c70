import {
  isProtectionFlowsError,
  ProtectionFlowsError,
  validationFailed,
  type ErrorCode,
  type ErrorDetails,
} from '../errors';
import { flowTypeConstraint } from '../validation/server-errors';
import { flowTypeFieldFaults } from '../validation/validate';
import type { Session } from './session';

/**
 * Translates the column's refusal of `cancelled`: the schema is older than the program, and the caller's input is right.
 * Returns any other error unchanged.
 */
export function cancelledRefused(error: unknown): unknown {
  if (!isProtectionFlowsError(error, 'VALIDATION_FAILED')) return error;
  if (!error.details.fields.some(({ field }) => field === 'last_execution_status')) return error;
  return new ProtectionFlowsError('MIGRATION_PENDING', {
    message: "the column last_execution_status does not accept 'cancelled' yet: a migration is pending",
    remedy: 'Run protection-flows migrate, then cancel the run again.',
    details: { table: 'protection_flows', column: 'last_execution_status' },
    cause: error,
  });
}

/** A write, to explain why the database refused it. */
interface Write {
  readonly table: 'protection_flows' | 'protection_flow_executions';
  /** Column → value. */
  readonly values: ReadonlyMap<string, unknown>;
  /** The id of the changed row; absent for an insert. */
  readonly changes?: string;
}

/** Reads the stored value that equals the given one by the database's collation; undefined if it is gone again. */
async function storedValue(session: Session, table: string, column: string, given: unknown) {
  const [row] = await session.select<{ found: string }>(
    `SELECT ${column} AS found FROM ${table} WHERE ${column} = ? ${session.currentRead}`,
    [given],
  );
  return row?.found;
}

type Taken = 'ID_TAKEN' | 'FLOW_NAME_TAKEN';
type Refused<Code extends ErrorCode> = ProtectionFlowsError<Code, ErrorDetails[Code]>;

/** Adds to the error the stored id or name that equals the given one by the database's collation. */
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
  const why = given === stored ? '' : `: for the database it equals ${JSON.stringify(stored)}`;
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
    message: `${details.field} is ${JSON.stringify(id)}, but ${details.references} has no row with that id`,
    remedy,
    details: { ...details, id },
    cause,
  });
}

/** Names the missing field: the CHECK on the flow's type does not, but the stored row and the given values show it. */
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

async function explain(session: Session, write: Write, error: unknown): Promise<unknown> {
  if (isProtectionFlowsError(error, 'FLOW_NAME_TAKEN')) return withStoredValue(session, write, error);
  if (isProtectionFlowsError(error, 'ID_TAKEN')) return withStoredValue(session, write, error);
  if (isProtectionFlowsError(error, 'REFERENCE_NOT_FOUND')) return withId(write, error);
  if (isProtectionFlowsError(error, 'VALIDATION_FAILED')) return withMissingField(session, write, error);
  return error;
}

/**
 * Executes a write. If the database refuses it, adds to the error which id has no row, which stored name or id equals the
 * given one, or which field is missing.
 */
export async function explainingRefusals<Result>(
  session: Session,
  write: Write,
  execute: () => Promise<Result>,
): Promise<Result> {
  try {
    return await execute();
  } catch (error) {
    throw await explain(session, write, error).catch(() => error);
  }
}
