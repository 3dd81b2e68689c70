import type { DataSource } from 'typeorm';
import { select } from '../../../src/engine/server/queryable';
import { sharedServer } from '../../support/shared-server';
import { watchStatements, type Ask, type Statement } from './explain-statements';

/** A costly way in which the server executes a statement. */
export type Fault = 'scan' | 'index-scan' | 'filesort' | 'temporary';

/** One row of EXPLAIN: how the server reads one table. */
interface PlanRow {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | string | null;
  readonly Extra: string | null;
}

/** One statement of a call, with its plan. */
export interface Plan {
  readonly sql: string;
  readonly rows: readonly PlanRow[];
  readonly faults: readonly Fault[];
}

const ownTables =
  /\b(?:FROM|JOIN|UPDATE|,)\s+(protection_flows|protection_flow_executions)\b(?:\s+(?!(?:WHERE|SET|FORCE|JOIN|LEFT|ORDER|LIMIT|GROUP|FOR|LOCK)\b)(\w+))?/gi;

/** The names or aliases of the package's two tables in a statement. */
const ownNames = (sql: string): Set<string> =>
  new Set([...sql.matchAll(ownTables)].map(([, table, alias]) => alias ?? table!));

/** Reading a whole index is as costly as reading the table. Up to this many rows, a LIMIT ends it early. */
const fewRows = 1_100;

function faultsOf(sql: string, rows: readonly PlanRow[]): Fault[] {
  const own = ownNames(sql);
  const faults = rows.flatMap(({ table, type, rows: estimate, Extra }): Fault[] => {
    const extra = Extra ?? '';
    const isOwn = own.has(table ?? '');
    return [
      ...(isOwn && type === 'ALL' ? (['scan'] as const) : []),
      ...(isOwn && type === 'index' && Number(estimate) > fewRows ? (['index-scan'] as const) : []),
      ...(/filesort/i.test(extra) ? (['filesort'] as const) : []),
      // The temporary table of a JSON document holds the statement's own input
      ...(/temporary/i.test(extra) && !extra.includes('Table function') ? (['temporary'] as const) : []),
    ];
  });
  return [...new Set(faults)];
}

/** Returns the plan of a statement; null for statements without a plan (INSERT, COMMIT) and for reads of the catalog. */
async function planOf({ sql, parameters }: Statement, ask: Ask, isMariaDb: boolean): Promise<Plan | null> {
  if (!/^\s*(SELECT|UPDATE|DELETE)\b/i.test(sql) || /information_schema/i.test(sql)) return null;
  const explain = isMariaDb ? 'EXPLAIN' : 'EXPLAIN FORMAT=TRADITIONAL';
  const rows = (await ask(`${explain} ${sql}`, parameters)) as PlanRow[];
  return { sql: sql.replace(/\s+/g, ' ').trim(), rows, faults: faultsOf(sql, rows) };
}

/** Returns the plan of each statement of the call, read right before the statement is executed. */
export async function plansOf(dataSource: DataSource, call: () => Promise<unknown>): Promise<Plan[]> {
  const plans: Plan[] = [];
  watchStatements(dataSource, async (statement, ask) => {
    const plan = await planOf(statement, ask, sharedServer().flavour === 'mariadb');
    if (plan !== null) plans.push(plan);
  });
  await call().finally(() => watchStatements(dataSource, () => undefined));
  return plans;
}

/** Counts the entries of tables and indexes that a call reads. The data source must have one connection. */
export async function readsOf(dataSource: DataSource, call: () => Promise<unknown>): Promise<number> {
  await dataSource.query('FLUSH STATUS');
  await call();
  const counters = await select<{ Variable_name: string; Value: string }>(
    dataSource,
    "SHOW SESSION STATUS LIKE 'Handler_read%'",
  );
  // Without the reads of SHOW itself, which the server counts as a scan
  const own = counters.filter(({ Variable_name }) => !Variable_name.includes('_rnd'));
  return own.reduce((sum, { Value }) => sum + Number(Value), 0);
}

/** Describes a plan with one line per table, for the message of a failed test. */
export function describePlan({ sql, rows, faults }: Plan): string {
  const lines = rows.map(
    ({ table, type, key, rows: count, Extra }) => `  ${table}: ${type} ${key} ${count} ${Extra ?? ''}`,
  );
  return [`${faults.join(', ')}: ${sql}`, ...lines].join('\n');
}
