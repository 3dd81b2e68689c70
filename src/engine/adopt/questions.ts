import { choice, optional, options, type Reader } from '../../arguments';
import type { Owner } from '../orphans/context';
import { findQuarantines } from '../orphans/quarantine-table';
import type { Subject } from '../subject/subject';
import type { RaisedQuestion } from '../subject/parts';
import { insideTransaction, quoteName, type Queryable } from '../server/queryable';
import type { AdoptQuestion } from './results';

/** Answers to the subject's questions, by the question's id. */
export type Answers = Readonly<Record<string, string | undefined>>;

/** A question that has rows, and the answer that was given to it. */
export type Asked = RaisedQuestion & { readonly answer: string | null };

/** Reads the answers to these questions. */
export const answersReader = (questions: Subject['questions'] = []): Reader<Answers> =>
  options(
    Object.fromEntries(questions.map(({ id, answers }) => [id, optional(choice(Object.keys(answers)))])),
  );

/** Carries the answers out in the open transaction. */
export async function carryAnswersOut(
  session: Queryable,
  owner: Owner,
  asked: readonly Asked[],
): Promise<void> {
  const quarantines = await findQuarantines(session, owner);
  const placesOf = (table: string): string[] =>
    [table, ...(quarantines.get(table) ?? [])].map((name) => quoteName(name));
  for (const { question, rows, answer } of asked)
    if (answer !== null) await question.carryOut(insideTransaction(session), answer, rows, placesOf);
}

/** The questions with their status after the run. */
export const questionResults = (asked: readonly Asked[], isRecorded: boolean): AdoptQuestion[] =>
  asked.map(({ question: { id, answers, asks }, rows, answer }) => ({
    id,
    asks: asks(rows.length),
    answer,
    status: answer === null ? 'unanswered' : isRecorded ? 'carried-out' : 'answered',
    choices: Object.entries(answers).map(([name, does]) => ({
      answer: name,
      does,
      option: `--${id}=${name}`,
    })),
    rows,
  }));
