import type { QueryRunner } from 'typeorm';
import { migrationList, stepContext, declaredSchema, type RunnerHooks } from '../../migrations';
import { historyTable } from '../history/history-table';
import { runStep } from '../steps/step';
import { ensureHistory, markReverting, readHistory, recordApplied } from '../history/history';
import { thisRun } from '../server/this-run';
import { declareArguments, flag, optional, options as optionsOf } from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { isInTheWay, type Finding } from '../preflight';
import { readCatalog } from '../schema/catalog/read-catalog';
import { compareTable, type Difference } from '../schema/compare';
import type { Schema } from '../schema/shape';
import { carryOut, type CarriedOut } from './carry-out';
import { keyResults, keysAreAsDeclared, plannedRepairs } from './key-results';
import { lookAround } from './look';
import type { AdoptRepair, AdoptResult } from './results';
import { guarded, sessionReaders, wishReaders } from '../migrate/arguments';
import type { ProtectionFlowsDataSource } from '../../typeorm/guarded-data-source';
import { withMigrationSession, type SessionOptions } from '../session/migration-session';
import { whereOf } from '../migrate/results';
import { wishesOf, type WishOptions } from '../migrate/wishes';

/** The migrations that the history does not record, or whose rollback died. */
export async function unrecorded(runner: QueryRunner): Promise<string[]> {
  const entries = (await readHistory(runner)) ?? [];
  return migrationList
    .map(({ name }) => name)
    .filter((name) => !entries.some((entry) => entry.name === name && !entry.reverting));
}

/**
 * Records the migrations as applied, in order. Only for tables that were shown to be what the migrations make.
 */
export async function recordMigrations(runner: QueryRunner, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const context = await stepContext(runner, null);
  await ensureHistory(context);
  for (const step of migrationList.flatMap(({ steps }) => [...steps]))
    if (step.tables.includes(historyTable)) await runStep(step, context);
  const reverting = ((await readHistory(runner)) ?? []).map((entry) => entry.name);
  for (const name of names.filter((one) => reverting.includes(one)))
    await markReverting(context, name, false);
  const added = names.filter((name) => !reverting.includes(name));
  if (added.length > 0) await recordApplied(context, added, { ...thisRun(), durationMs: null });
}

/** Options of {@link adopt}. */
export interface AdoptOptions extends SessionOptions, WishOptions {
  /** True where what differs is to be repaired; else it is listed, and only an exact match is acted upon. */
  readonly repair?: boolean | undefined;
}

const assertAdopt = declareArguments('adopt', {
  dataSource: guarded,
  options: optionsOf({ ...sessionReaders, ...wishReaders, repair: optional(flag) }),
});

function nothingThere({ database }: ProtectionFlowsDataSource): ProtectionFlowsError {
  const tables = [...declaredSchema.keys()];
  return new ProtectionFlowsError('NOTHING_TO_ADOPT', {
    message: `the database ${database} has neither ${tables.join(' nor ')}`,
    remedy:
      'To make them, run protection-flows migrate. If they are in another database, correct the connection.',
    details: { tables },
  });
}

function readLive(dataSource: ProtectionFlowsDataSource, runner: QueryRunner): Promise<Schema> {
  const tables = [...declaredSchema.values()];
  const parents = tables.flatMap((table) => table.foreignKeys.map((key) => key.parentTable));
  return readCatalog(runner, dataSource.server, [...new Set([...declaredSchema.keys(), ...parents])]);
}

const tableDifferences = (live: Schema): Difference[] =>
  [...declaredSchema.values()].flatMap((table) => compareTable(declaredSchema, table, live));

/** What came up while the repairs were under way: somebody else changed the tables. */
function leftOver(differences: readonly Difference[]): AdoptRepair[] {
  const [first] = differences;
  if (first === undefined) return [];
  const title = 'repair what was changed meanwhile: run adopt --repair again';
  return [{ title, table: first.table, differences, rows: 0, sql: [], copies: null, status: 'to-repair' }];
}

const blocks = ({ effect }: Finding): boolean => effect === 'blocking';

/**
 * Takes over tables that were made by hand. What is exactly as declared is recorded in the history. Otherwise every
 * difference is listed with the SQL that ends it; with `repair` it is carried out, online where the server can, and
 * then recorded. No row, no column or index that is not declared and no foreign key of others is lost; what needs a
 * decision is listed with its ways out, and while there is such, nothing is carried out.
 *
 * Nothing is recorded before the tables are as declared, so a run that died anywhere is finished by the next. On a
 * database whose history is complete it repairs what drifted.
 *
 * A key that can't be added, over orphans for instance, is reported and left for a later migrate, as a migrate would.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; NOTHING_TO_ADOPT, MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST
 */
export async function adopt(
  dataSource: ProtectionFlowsDataSource,
  options: AdoptOptions = {},
): Promise<AdoptResult> {
  assertAdopt({ dataSource, options });
  const times = new Map<string, number>();
  const wishes = wishesOf(options);
  const hooks: RunnerHooks = { ...wishes, onKey: (name, ms) => times.set(name, ms) };
  return withMigrationSession(dataSource, options, hooks, async ({ runner, node, tell }) => {
    tell('compare the tables with the declared ones');
    const look = await lookAround(dataSource, runner, wishes, node);
    const { survey } = look;
    if (![...declaredSchema.keys()].some((name) => survey.live.has(name))) throw nothingThere(dataSource);

    const planned = plannedRepairs(look);
    const repairing = options.repair === true;
    // Whether a copy is needed, and what can be done without, the server itself says then
    const findings = look.findings.filter(
      ({ code, key }) => !(repairing && code === 'TABLE_COPY_REFUSED' && key === null),
    );
    const stopped = survey.decisions.length > 0 || findings.some(blocks);
    let live = survey.live;
    let carried: CarriedOut = { done: new Set(), findings: [] };
    if (repairing && !stopped) {
      carried = await carryOut(runner, look, tell);
      findings.push(...carried.findings);
      live = await readLive(dataSource, runner);
    }
    const repairs = [...planned].map(([repair, one]): AdoptRepair =>
      carried.done.has(repair) ? { ...one, status: 'repaired' } : one,
    );
    const left = repairing && !stopped && !findings.some(blocks) ? tableDifferences(live) : [];
    repairs.push(...leftOver(left));

    const isExact = repairs.length === 0 && keysAreAsDeclared(live);
    const isRepaired = repairing && !findings.some(blocks) && left.length === 0;
    const adopted = !stopped && (isExact || isRepaired) ? await unrecorded(runner) : [];
    await recordMigrations(runner, adopted);
    const isRecorded = adopted.length > 0 || (await unrecorded(runner)).length === 0;
    const isDone = repairs.every(({ status }) => status === 'repaired') && keysAreAsDeclared(live);
    return {
      ok: isRecorded && isDone && !stopped && !findings.some(isInTheWay),
      ...whereOf(dataSource),
      adopted,
      repairs,
      decisions: survey.decisions,
      keys: keyResults(survey.live, live, findings, times),
      findings,
    };
  });
}
