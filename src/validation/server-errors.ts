import * as ground from '../errors';
import { rowErrors } from './row-errors';

/**
 * The error of this package that a driver's error stands for: of mysql2, or TypeORM's QueryFailedError. Null where it
 * stands for none, and the caller has to decide. An error of this package is returned as it is. Whoever asks again for the
 * same error gets the same answer.
 *
 * The error becomes the cause, without the values of its statement.
 *
 * Errors of rows are mapped for this package's two tables only, and for statements that write rows only: the same
 * numbers mean other things in DDL. That one of the two tables is not there (1146) is MIGRATION_PENDING, whatever the
 * statement.
 */
export const fromServerError = (error: unknown): ground.ProtectionFlowsError | null =>
  ground.fromServerError(error, rowErrors);

/** The error of this package that a driver's error stands for; any other as it is, without the statement's values. */
export const translated = (error: unknown): unknown => ground.translated(error, rowErrors);
