import type { DataSource } from 'typeorm';
import { select } from '../../../src/engine/server/queryable';
import { sharedServer } from '../../support/shared-server';
import { watchStatements, type Ask, type Statement } from './explain-statements';

/** What is wrong with how the server executes a statement. */
export type Fault = 'scan' | 'index-scan' | 'filesort' | 'temporary';

/** How the server executes one table's part of a statement. */
interface PlanRow {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly rows: number | string | null;
  readonly Extra: string | null;
}

/** One statement of a call, and what the server would do. */
export interface Plan {
  readonly sql: string;
  readonly rows: readonly PlanRow[];
  readonly faults: readonly Fault[];
}

const ownTables =
  /\b(?:FROM|JOIN|UPDATE|,)\s+(protection_flows|protection_flow_executions)\b(?:\s+(?!(?:WHERE|SET|FORCE|JOIN|LEFT|ORDER|LIMIT|GROUP|FOR|LOCK)\b)(\w+))?/gi;

/** The names that the package's two tables have in a statement. */
const ownNames = (sql: string): Set<string> =>
  new Set([...sql.matchAll(ownTables)].map(([, table, alias]) => alias ?? table!));

/** An index that is read from one end to the other is as bad as the table, unless a LIMIT ends it soon. */
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
      // What a JSON document is read into is the statement's own input
      ...(/temporary/i.test(extra) && !extra.includes('Table function') ? (['temporary'] as const) : []),
    ];
  });
  return [...new Set(faults)];
}

/** Asks how the server would execute a statement; null for one that has no plan, as INSERT and
 * COMMIT, and for the catalog's. */
async function planOf({ sql, parameters }: Statement, ask: Ask, isMariaDb: boolean): Promise<Plan | null> {
  if (!/^\s*(SELECT|UPDATE|DELETE)\b/i.test(sql) || /information_schema/i.test(sql)) return null;
  const explain = isMariaDb ? 'EXPLAIN' : 'EXPLAIN FORMAT=TRADITIONAL';
  const rows = (await ask(`${explain} ${sql}`, parameters)) as PlanRow[];
  return { sql: sql.replace(/\s+/g, ' ').trim(), rows, faults: faultsOf(sql, rows) };
}

/** What the server would do for each statement of the call, asked right before it is executed. */
export async function plansOf(dataSource: DataSource, call: () => Promise<unknown>): Promise<Plan[]> {
  const plans: Plan[] = [];
  watchStatements(dataSource, async (statement, ask) => {
    const plan = await planOf(statement, ask, sharedServer().flavour === 'mariadb');
    if (plan !== null) plans.push(plan);
  });
  await call().finally(() => watchStatements(dataSource, () => undefined));
  return plans;
}

/** How many entries of tables and indexes a call reads; of a data source with one connection. */
export async function readsOf(dataSource: DataSource, call: () => Promise<unknown>): Promise<number> {
  await dataSource.query('FLUSH STATUS');
  await call();
  const counters = await select<{ Variable_name: string; Value: string }>(
    dataSource,
    "SHOW SESSION STATUS LIKE 'Handler_read%'",
  );
  // Not those of SHOW itself, which the server counts as a scan
  const own = counters.filter(({ Variable_name }) => !Variable_name.includes('_rnd'));
  return own.reduce((sum, { Value }) => sum + Number(Value), 0);
}

/** The plan in one line a table, for a failure's message. */
export function describePlan({ sql, rows, faults }: Plan): string {
  const lines = rows.map(
    ({ table, type, key, rows: count, Extra }) => `  ${table}: ${type} ${key} ${count} ${Extra ?? ''}`,
  );
  return [`${faults.join(', ')}: ${sql}`, ...lines].join('\n');
}
