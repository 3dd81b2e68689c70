import { readIncomingKeys } from '../schema/catalog/read-foreign-keys';
import { catalogRows, marks, type Queryable } from '../server/queryable';
import { readCatalog } from '../schema/catalog/read-catalog';
import { compareTable } from '../schema/compare';
import type { Server } from '../server/server';
import { withParents, type Schema } from '../schema/shape';
import { createMissingTable, reshapeTable } from './reshape-table';
import { neededFills } from './fill-rows';
import {
  disturbedColumns,
  incomingKeyDecisions,
  keyDecisions,
  keyRepairs,
  keysInTheWay,
  takeOffKeys,
} from './keys';
import { objectOf, type Decision, type Repair, type RepairTarget } from './repair';
import { rowDecisions } from './row-decisions';
import { repairableDifferences, type Comments } from './table-changes';
import { tableDecisions } from './table-decisions';

/** The live tables, and what gives them their declared shape. */
export interface Survey {
  /** The declared tables that exist, and the parents of their keys. */
  readonly live: Schema;
  /** In the order in which they run; each decides from the live tables whether it still has to. */
  readonly repairs: readonly Repair[];
  /** One for each declared key, to run last. */
  readonly keys: readonly Repair[];
  readonly decisions: readonly Decision[];
}

/** Reads the comments of the tables' columns. */
export async function readComments(
  session: Queryable,
  tables: readonly string[],
): Promise<Map<string, Comments>> {
  const rows = await catalogRows<{ table: string; name: string; comment: string }>(
    session,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, COLUMN_COMMENT AS comment FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${marks(tables)}) AND COLUMN_COMMENT <> ''`,
    [...tables],
  );
  const ofTable = (of: string): Comments =>
    new Map(rows.filter(({ table }) => table === of).map(({ name, comment }) => [name, comment]));
  return new Map(tables.map((table) => [table, ofTable(table)]));
}

/** Surveys one existing table. The repair is null where the table itself needs none. */
async function surveyTable(
  session: Queryable,
  target: RepairTarget,
): Promise<Pick<Survey, 'decisions'> & { readonly repair: Repair | null }> {
  const { declared, table, live, found } = target;
  const structural = [...tableDecisions(target), ...keyDecisions(table, live)];
  if (structural.some(({ object }) => object === 'table')) return { decisions: structural, repair: null };
  const decidedFirst = new Set(structural.map(objectOf));
  const decisions = [...structural, ...(await rowDecisions(session, target, decidedFirst))];
  const decided = new Set(decisions.map(objectOf));
  const differences = repairableDifferences(target, decided);
  const needed = await neededFills(session, table, found);
  if (differences.length === 0 && needed.rows === 0) return { decisions, repair: null };
  const comments = (await readComments(session, [table.name])).get(table.name) ?? new Map<string, string>();
  const repair = reshapeTable(declared, table, { ...needed, differences, comments, decided });
  return { decisions, repair };
}

/**
 * Compares the live tables with the declared ones as verify does, and reads rows where the declared definition is
 * stricter. Returns the repairs, and the decisions that only the owner can take. Changes nothing.
 */
export async function surveyRepairs(session: Queryable, server: Server, declared: Schema): Promise<Survey> {
  const tables = [...declared.values()];
  const live = await readCatalog(session, server, withParents(declared));
  const decisions: Decision[] = [];
  const created: Repair[] = [];
  const reshaped: Repair[] = [];
  for (const table of tables) {
    const found = live.get(table.name);
    if (found === undefined) {
      created.push(createMissingTable(declared, table, compareTable(declared, table, live)));
      continue;
    }
    const survey = await surveyTable(session, { declared, table, live, found, server });
    decisions.push(...survey.decisions);
    if (survey.repair !== null) reshaped.push(survey.repair);
  }
  const differences = reshaped.flatMap((repair) => [...repair.differences]);
  const disturbed = disturbedColumns(differences);
  const incoming = disturbed.size === 0 ? [] : await readIncomingKeys(session, [...declared.keys()]);
  decisions.push(...incomingKeyDecisions(incoming, declared, live, disturbed, differences));
  const inTheWay = keysInTheWay(live, [...declared.keys()], disturbed);
  const takenOff = inTheWay.length === 0 ? [] : [takeOffKeys(inTheWay)];
  return {
    live,
    repairs: [...created, ...takenOff, ...reshaped],
    keys: keyRepairs(declared, live),
    decisions,
  };
}
