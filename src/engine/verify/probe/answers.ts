import { skip, type CheckOutcome } from '../context';
import type { Evidence } from '../report';

/** What the server says of an error, however it was wrapped. */
interface Answer {
  readonly errno: number;
  readonly sqlState: string;
  readonly text: string;
}

function answerIn(error: unknown): Answer | null {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { errno, sqlState, sqlMessage } = at as Partial<
      Record<'errno' | 'sqlState' | 'sqlMessage', unknown>
    >;
    if (typeof errno === 'number' && errno > 0)
      return { errno, sqlState: String(sqlState ?? ''), text: String(sqlMessage ?? '') };
  }
  return null;
}

/**
 * SQLSTATEs of the rows themselves: a value that does not fit (22), a constraint that refuses (23), a SIGNAL (45); a
 * table or column that is not there, which only a trigger can name here.
 */
const ofRows = /^(22|23|45)|^42S02$|^42S22$/;

/**
 * Errors of the same kind whose SQLSTATE does not tell: no default (1364), a value cut short (1265) or of another kind
 * (1366), a CHECK of MySQL (3819), what a trigger may not do or say (1242, 1442, 1449, 1644).
 */
const ofRowsToo = [1242, 1265, 1364, 1366, 1442, 1449, 1644, 3819];

/**
 * True where the server's answer is about the row, and so about the tables and what is on them. Any other (a privilege, a
 * lock, a limit, a server that takes no writes) says nothing of what is being tested.
 */
export function isAboutRows(error: unknown): boolean {
  const answer = answerIn(error);
  return answer !== null && (ofRows.test(answer.sqlState) || ofRowsToo.includes(answer.errno));
}

/** ER_ROW_IS_REFERENCED_2, ER_NO_REFERENCED_ROW_2. */
const refusedByKey = [1451, 1452];

/** The table whose foreign key refused a statement; null where no key did, or the server does not say which. */
export function tableOfKeyIn(error: unknown): string | null {
  const answer = answerIn(error);
  if (answer === null || !refusedByKey.includes(answer.errno)) return null;
  return /`([^`]+)`, CONSTRAINT `/.exec(answer.text)?.[1] ?? null;
}

/** Something stands in the way of a proof that says nothing of what was to be proven. */
export class NotProvable extends Error {
  /** @param remedy what would let the proof be made; null where nothing does */
  constructor(
    message: string,
    readonly remedy: string | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'NotProvable';
  }
}

const elsewhere =
  '-- Run verify as a user who may INSERT and DELETE here, on a server that is not read-only, while nothing locks the tables.';

/** The skip of a check that could not be made, with the reason. */
export function notProven(
  reason: string,
  evidence: readonly Evidence[] = [],
  remedy: string | null = elsewhere,
): CheckOutcome {
  return skip(`could not run: ${reason}`, evidence, remedy);
}
