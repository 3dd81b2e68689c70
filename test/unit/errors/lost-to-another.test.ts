import { fromServerError, isLostToAnother } from '../../../src/errors';

/** Guards that errors of a transaction lost to another one are recognised, and that a commit in doubt is not one of them. */
it.each([
  [1213, 'Deadlock found when trying to get lock; try restarting transaction', true],
  [3101, 'Plugin instructed the server to rollback the current transaction.', true],
  [1180, "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT", true],
  [1180, 'Got error 6 "No such device or address" during COMMIT', false],
  [1062, "Duplicate entry '149' for key 'PRIMARY'", false],
])('%i %s: lost against another transaction, %p', (errno, sqlMessage, isLost) => {
  const error = Object.assign(new Error(sqlMessage), { errno, sqlMessage });
  expect(isLostToAnother(error)).toBe(isLost);
  if (isLost) expect(fromServerError(error)).toBeNull();
});
