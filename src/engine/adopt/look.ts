import { declaredSchemaOf } from '../subject/subject';
import { stepsApart } from '../steps/step';
import { preflight, readFacts, type Facts, type Finding, type Wishes } from '../preflight';
import { surveyRepairs, type Survey } from '../repairs/survey';
import type { Queryable } from '../server/queryable';
import type { Database } from '../session/database';
import type { RaisedQuestion } from '../subject/parts';
import type { Node } from '../server/node';
import { factsOf } from '../migrate/preflight';

/** What an adopt knows before it does anything. */
export interface Look {
  readonly survey: Survey;
  /** Preflight's facts, with the repairs as the only pending migration. */
  readonly facts: Facts;
  readonly findings: Finding[];
  /** The subject's questions that the tables raise. */
  readonly raised: readonly RaisedQuestion[];
}

/** The findings for which preflight has to judge the real history. */
const aboutHistory: readonly Finding['code'][] = ['HISTORY_UNKNOWN', 'HISTORY_OUT_OF_ORDER'];

/**
 * Surveys the tables, and has preflight judge the repairs as if they were a pending migration. So the same rules find
 * missing privileges, a read-only server, parents that no key can end at, orphans, and copies of large tables. A finding
 * about one key does not block the rest: the tables exist already, so each key can be added later.
 */
export async function lookAround(
  database: Database,
  session: Queryable,
  wishes: Wishes,
  node: Node,
): Promise<Look> {
  const { server, subject } = database;
  const own = await factsOf(database, session, wishes, node);
  const survey = await surveyRepairs(session, server, declaredSchemaOf(subject));
  const apart = stepsApart(
    own.known,
    own.pending.map(({ name }) => name),
  );
  const known = [{ name: 'adopt', steps: [...survey.repairs, ...survey.keys, ...apart] }];
  const historyTable = { ...own.historyTable, names: [], reverting: [] };
  const adopting = { ...own, planOf: 'adopt --repair', historyTable } as const;
  const facts = await readFacts(session, server, known, adopting, wishes);
  const isRecorded = own.pending.length === 0 && own.historyTable.reverting.length === 0;
  const mended = survey.keys
    .filter(({ differences }) => differences.length > 0)
    .map(({ foreignKey }) => foreignKey?.key.name);
  const decided = survey.decisions.filter(({ object }) => object === 'foreign-key').map(({ name }) => name);
  const judged = preflight(facts)
    .filter(
      ({ code, key }) =>
        code !== 'SCHEMA_HAND_MADE' || key === null || !(mended.includes(key) || decided.includes(key)),
    )
    .filter(({ code, table }) => !(code === 'PRIVILEGE_MISSING' && isRecorded && table === historyTable.name))
    .map((one): Finding =>
      one.key !== null && one.effect === 'blocking' ? { ...one, effect: 'key-refused' } : one,
    );
  const findings = [...preflight(own).filter(({ code }) => aboutHistory.includes(code)), ...judged];
  return { survey, facts, findings, raised: own.raised };
}
