import { declaredSchemaOf } from '../subject/subject';
import { preflight, readFacts, type Facts, type Finding, type Wishes } from '../preflight';
import { grantSql } from '../preflight/rules/privilege-missing';
import { surveyRepairs, type Survey } from './survey';
import type { Repair } from './repair';
import type { Queryable } from '../server/queryable';
import type { Database } from '../session/database';
import type { Node } from '../session/node';
import { factsOf } from '../migrate/preflight';

/** What an adopt knows before it does anything. */
export interface Look {
  readonly survey: Survey;
  /** Preflight's facts, the repairs taken for the one pending migration. */
  readonly facts: Facts;
  readonly findings: Finding[];
}

/** About the history, preflight looks at the true one. */
const aboutHistory: readonly Finding['code'][] = ['HISTORY_UNKNOWN', 'HISTORY_OUT_OF_ORDER'];

/** Filling rows takes a privilege that no migration needs. */
function updateFindings({ access }: Facts, repairs: readonly Repair[]): Finding[] {
  const holds = access?.holds;
  if (!access || !holds) return [];
  return repairs
    .filter((repair) => repair.rows > 0 && !holds('UPDATE', repair.tables[0] ?? ''))
    .map(({ tables: [table = ''] }) => ({
      code: 'PRIVILEGE_MISSING',
      effect: 'blocking',
      table,
      key: null,
      message: `${access.user} lacks UPDATE on ${table}, which adopt needs to fill its rows`,
      remedy: `-- To be executed by a user who may grant it:\n${grantSql(access, ['UPDATE'], table)};`,
      details: { user: access.user, scope: `${access.database}.${table}`, privileges: ['UPDATE'] },
    }));
}

/**
 * Compares, and lets preflight judge the repairs as if they were a pending migration: the same rules find missing
 * privileges, a read-only server, parents that no key can end at, orphans, copies of large tables. What a rule finds
 * about one key is no obstacle to the rest: the tables are there already, so every key is a late one.
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
  const known = [{ name: 'adopt', steps: [...survey.repairs, ...survey.keys] }];
  const historyTable = { ...own.historyTable, names: [], reverting: [] };
  const facts = await readFacts(session, server, known, { ...own, historyTable }, wishes);
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
  const findings = [
    ...preflight(own).filter(({ code }) => aboutHistory.includes(code)),
    ...judged,
    ...updateFindings(facts, survey.repairs),
  ];
  return { survey, facts, findings };
}
