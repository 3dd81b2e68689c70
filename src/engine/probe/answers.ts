import { answerIn } from '../server/queryable';

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * SQLSTATEs that are about the row: a value that does not fit (22), a constraint that refuses (23), a SIGNAL (45), a
 * missing table or column (42S02, 42S22), which only a trigger can name here.
 */
const aboutRows = /^(22|23|45)|^42S02$|^42S22$/;

/**
 * Errors that are about the row, with a SQLSTATE that does not say so: no default (1364), a value cut short (1265) or of
 * another kind (1366), a CHECK of MySQL (3819), a fault or a message of a trigger (1242, 1442, 1449, 1644).
 */
const aboutRowsToo = [1242, 1265, 1364, 1366, 1442, 1449, 1644, 3819];

/**
 * True where the server's answer is about the row, and so about the tables and their triggers. Any other answer (a
 * privilege, a lock, a limit, a read-only server) proves nothing.
 */
export function isAboutRows(error: unknown): boolean {
  const answer = answerIn(error);
  return answer !== null && (aboutRows.test(answer.sqlState) || aboutRowsToo.includes(answer.errno));
}

/** ER_ROW_IS_REFERENCED_2, ER_NO_REFERENCED_ROW_2. */
const refusedByKey = [1451, 1452];

/** The table whose foreign key refused a statement; null where no key did, or the server does not say which. */
export function tableOfKeyIn(error: unknown): string | null {
  const answer = answerIn(error);
  if (answer === null || !refusedByKey.includes(answer.errno)) return null;
  return /`([^`]+)`, CONSTRAINT `/.exec(answer.text)?.[1] ?? null;
}

/** An obstacle prevents a proof. What was to be proven may be right or wrong. */
export class NotProvable extends Error {
  /** @param remedy what removes the obstacle; null where nothing does */
  constructor(
    message: string,
    readonly remedy: string | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'NotProvable';
  }
}
