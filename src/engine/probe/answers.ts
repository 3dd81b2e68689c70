import { answerIn } from '../server/queryable';

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * SQLSTATEs that are about the row: a value that does not fit (22), a constraint that refuses (23), a SIGNAL (45), a
 * table or column that does not exist (42S02, 42S22): only a trigger can name one here.
 */
const aboutRows = /^(22|23|45)|^42S02$|^42S22$/;

/**
 * Errors that are about the row although their SQLSTATE does not tell: no default (1364), a value cut short (1265) or of
 * another kind (1366), a CHECK of MySQL (3819), what a trigger may not do or say (1242, 1442, 1449, 1644).
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

/** An obstacle keeps a check from its proof, and says nothing of what was to be proven. */
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
