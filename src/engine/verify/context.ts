import { quoteText, type Queryable } from '../server/queryable';
import type { Remedies, RemedySection } from '../repairs/remedies';
import type { Orphans } from '../orphans/find-orphans';
import { note, remedyText, type RemedyPart } from '../steps/remedy';
import type { ForeignKey, Table } from '../schema/shape';
import type { HistoryNames, HistoryRow } from '../history/history';
import type { ProbeContext } from '../probe/probe';
import { type Evidence, type Guards } from '../subject/parts';
import { skip, type CheckId, type CheckOutcome, type Verdict, type CheckResult } from './report';
import type { GuardPart, GuardsState } from '../guards/read-guards';
import type { Trigger } from '../schema/catalog/read-catalog';

/** The orphans of a key, or why they could not be looked for. */
export interface OrphanFact {
  readonly table: string;
  readonly key: ForeignKey;
  readonly sql: string;
  readonly found: Orphans | { readonly fault: string };
}

/** What the history says, and who repairs it. */
interface HistoryFact {
  readonly names: HistoryNames;
  readonly rows: readonly HistoryRow[];
  /** The migrations that are not recorded, or whose rollback crashed. */
  readonly pending: readonly string[];
  /** The live table; null where there is none. */
  readonly table: Table | null;
  /** True where migrate is the remedy for what is pending. */
  readonly migrateMends: boolean;
}

/** Guards of which at least a part exists. */
export interface InstalledGuards {
  readonly declared: Guards;
  readonly state: GuardsState;
  readonly parts: readonly GuardPart[];
  /** The command that installs them, such as `protection-flows guard install`. */
  readonly install: string;
}

/** What the checks look at, read once. */
export interface VerifyContext extends ProbeContext {
  readonly database: string;
  readonly history: HistoryFact;
  /** Names of all migrations of this code, oldest first. */
  readonly known: readonly string[];
  readonly orphans: readonly OrphanFact[];
  /** Triggers on our tables, as far as this user may see them. */
  readonly triggers: readonly Trigger[];
  /** Our tables that a temporary table of this session hides. */
  readonly hidden: readonly string[];
  /** The installed guards; null where none are installed, or none are declared. */
  readonly guards: InstalledGuards | null;
  /** The statements that read all this, with their rows. */
  readonly readings: readonly Evidence[];
}

/** One check. An error of the server that it throws becomes a skip, unless the connection is lost. */
export interface Check {
  readonly id: CheckId;
  run(context: VerifyContext): Promise<CheckOutcome>;
}

/** The declared tables that do not exist, or that have a view in their place. */
export function missingTables({ declared, live }: Pick<VerifyContext, 'declared' | 'live'>): string[] {
  return [...declared.keys()].filter((name) => !live.has(name) || live.get(name)?.engine === 'VIEW');
}

/** A check that is skipped while a declared table is missing; one of rows also while a temporary table hides one. */
export const checkOf = (needs: 'tables' | 'rows', id: CheckId, run: Check['run']): Check => ({
  id,
  async run(context) {
    const missing = missingTables(context);
    if (missing.length > 0) return skip(`not run: ${missing.join(' and ')} not there`);
    const isHidden = needs === 'rows' && context.hidden.length > 0;
    return isHidden ? skip(`not run: a temporary table hides ${context.hidden.join(' and ')}`) : run(context);
  },
});

/** The note in the place of a remedy that another check prints. */
export const mendedBy = (id: string): string => `The remedy of the check ${id} mends this too.`;

/** A section's remedy as text. Where migrate or another section mends it, a note that says so. */
export const remedyOf =
  (
    { history }: Pick<VerifyContext, 'history'>,
    section: RemedySection,
    partsOf: (remedies: Remedies) => readonly RemedyPart[] = (remedies) => remedies[section],
  ) =>
  (remedies: Remedies): string => {
    const parts = partsOf(remedies);
    if (parts.length > 0) return remedyText(parts);
    if (history.migrateMends) return remedyText([note(mendedBy('history'))]);
    const other = (['tables', 'columns', 'foreign-keys'] as const).find(
      (id) => id !== section && remedies[id].length > 0,
    );
    return remedyText([note(mendedBy(other ?? section))]);
  };

/** Any text as SQL. */
const literal = (text: string): string =>
  text.includes('\\') ? `_utf8mb4 X'${Buffer.from(text).toString('hex')}'` : quoteText(text);

/** A session that records each statement, in one line and with its values, together with the rows. */
export function recording(session: Queryable, readings: Evidence[]): Queryable {
  return {
    async query(sql, parameters = []) {
      const rows = await session.query(sql, parameters);
      const values = [...parameters];
      const written = sql.replaceAll(/\s+/g, ' ').replaceAll('?', () => literal(String(values.shift())));
      if (Array.isArray(rows)) readings.push({ sql: written, rows });
      return rows;
    },
    isTransactionActive: session.isTransactionActive,
  };
}

/** What was read from that table. */
export const readingsOf = ({ readings }: VerifyContext, table: string): Evidence[] =>
  readings.filter(({ sql }) => sql.includes(` FROM ${table} `));

/** What was read about declared tables from that view of information_schema. */
export const catalogReadingsOf = (context: VerifyContext, view: string): Evidence[] =>
  readingsOf(context, `information_schema.${view}`).map(({ sql, rows }) => ({
    sql,
    rows: rows.filter(({ table, name }) => context.declared.has(String(table ?? name))),
  }));

/**
 * The first verdict that fits, in the order of `verdicts`. Pure.
 */
export function verdictOf(context: VerifyContext, checks: readonly CheckResult[]): Verdict {
  const { history, known, declared } = context;
  const recorded = history.rows.map(({ name }) => name);
  const missing = missingTables(context);
  if (recorded.some((name) => !known.includes(name))) return 'ahead';
  if (recorded.length === 0) return missing.length === declared.size ? 'never-ran' : 'present-but-unrecorded';
  if (missing.length > 0) return 'recorded-but-absent';
  if (known.some((name) => !recorded.includes(name)) || history.rows.some(({ reverting }) => reverting))
    return 'half-applied';
  if (checks.some((check) => check.status === 'fail')) return 'drifted';
  return checks.some((check) => check.status === 'skip') ? 'unproven' : 'proven';
}
