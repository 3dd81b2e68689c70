import { isProtectionFlowsError } from '../../errors';
import type { Schema } from '../schema/shape';
import type { Queryable } from '../server/queryable';
import { declaredBy } from '../steps/step';
import type { QuestionRow, SubjectQuestion } from '../subject/parts';
import type { KnownMigration } from './plan';

/** A question with the rows that it is about. */
export interface RaisedQuestion {
  readonly question: SubjectQuestion;
  readonly rows: readonly QuestionRow[];
}

/** What the history records, and whether this user may know. */
interface RecordedNames {
  readonly isReadable: boolean;
  readonly names: readonly string[];
  readonly reverting: readonly string[];
}

/** The questions that tables raise which are there while no migration is recorded. */
export async function raiseQuestions(
  session: Queryable,
  { known, live }: { readonly known: readonly KnownMigration[]; readonly live: Schema },
  { isReadable, names, reverting }: RecordedNames,
  questions: readonly SubjectQuestion[],
): Promise<RaisedQuestion[]> {
  if (!isReadable || names.length > 0 || reverting.length > 0) return [];
  const declared = declaredBy(known.flatMap(({ steps }) => [...steps]));
  const raised: RaisedQuestion[] = [];
  for (const question of questions) {
    const rows = await question.find({ session, declared, live }).catch((error: unknown): QuestionRow[] => {
      // Its privileges' rule says what is missing, and stops a migrate
      if (isProtectionFlowsError(error, 'PRIVILEGE_MISSING')) return [];
      throw error;
    });
    if (rows.length > 0) raised.push({ question, rows });
  }
  return raised;
}
