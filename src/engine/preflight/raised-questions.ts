import { isProtectionFlowsError } from '../../errors';
import type { Queryable } from '../server/queryable';
import { declaredBy } from '../steps/step';
import type { QuestionRow, SubjectQuestion } from '../subject/subject-question';
import type { Facts } from './facts';

/** A question with the rows that it is about. */
export interface RaisedQuestion {
  readonly question: SubjectQuestion;
  readonly rows: readonly QuestionRow[];
}

/** The questions that tables raise which are there while no migration is recorded. */
export async function raiseQuestions(
  session: Queryable,
  facts: Pick<Facts, 'known' | 'historyTable' | 'live'>,
  questions: readonly SubjectQuestion[],
): Promise<RaisedQuestion[]> {
  const { isReadable, names, reverting } = facts.historyTable;
  if (!isReadable || names.length > 0 || reverting.length > 0) return [];
  const declared = declaredBy(facts.known.flatMap(({ steps }) => [...steps]));
  const raised: RaisedQuestion[] = [];
  for (const question of questions) {
    const rows = await question
      .find({ session, declared, live: facts.live })
      .catch((error: unknown): QuestionRow[] => {
        // Its privileges' rule says what is missing, and stops a migrate
        if (isProtectionFlowsError(error, 'PRIVILEGE_MISSING')) return [];
        throw error;
      });
    if (rows.length > 0) raised.push({ question, rows });
  }
  return raised;
}
