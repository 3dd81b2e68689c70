import { fromServerError, withoutValues } from '../../errors';

/** The error of this package that a driver's error stands for; any other as it is, without the statement's values. */
export function translated(error: unknown): unknown {
  return fromServerError(error) ?? withoutValues(error);
}
