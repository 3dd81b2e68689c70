import { declaredSchemaOf, ownTablesOf, tablesOf, type Subject } from '../subject/subject';
import { runStepAlone, stepsApart, type StepContext } from '../steps/step';
import { type Database, guarded } from '../session/database';
import type { Queryable } from '../server/queryable';
import { ensureHistory, markReverting, readHistory, recordApplied } from '../history/history';
import { inRowTransaction, withRowSettings } from '../server/row-transaction';
import { thisProcess } from '../server/names';
import {
  declareArguments,
  flag,
  optional,
  options as optionsOf,
  properties,
  type Reader,
} from '../../arguments';
import { ProtectionFlowsError } from '../../errors';
import { isInTheWay, type Finding } from '../preflight';
import { readCatalog } from '../schema/catalog/read-catalog';
import { compareTable, type Difference } from '../schema/compare';
import type { Schema } from '../schema/shape';
import { carryOut, type CarriedOut, keyResults, keysAreAsDeclared, plannedRepairs } from './carry-out';
import { lookAround } from './look';
import { answersReader, carryAnswersOut, questionResults, type Answers, type Asked } from './questions';
import type { AdoptRepair, AdoptResult } from './results';
import { sessionReaders, withMigrationSession, type SessionOptions } from '../session/migration-session';
import { whereOf } from '../migrate/results';
import { wishesOf, wishReaders, type WishOptions } from '../migrate/wishes';

/** The migrations that the history does not record, or whose rollback crashed. */
async function readUnrecorded(subject: Subject, session: Queryable): Promise<string[]> {
  const entries = (await readHistory(session, ownTablesOf(subject).history)) ?? [];
  return subject.migrations
    .map(({ name }) => name)
    .filter((name) => !entries.some((entry) => entry.name === name && !entry.reverting));
}

/**
 * Records the migrations as applied, in order. Its caller has shown that the tables are as the migrations make them. The
 * same transaction carries the answers out, so that a crash leaves both done or neither.
 */
async function recordMigrations(
  subject: Subject,
  context: StepContext,
  names: readonly string[],
  asked: readonly Asked[],
): Promise<void> {
  if (names.length === 0) return;
  const { migrations, version } = subject;
  const { session, owner, goOn, tableWaitMs: patienceMs } = context;
  const { history } = ownTablesOf(subject);
  await ensureHistory(context);
  for (const step of stepsApart(migrations, names)) await runStepAlone(step, context);
  const reverting = ((await readHistory(session, history)) ?? []).map((entry) => entry.name);
  for (const name of names.filter((one) => reverting.includes(one)))
    await markReverting(context, name, false);
  const added = migrations.filter(({ name }) => names.includes(name) && !reverting.includes(name));
  const run = { appliedBy: thisProcess(), packageVersion: version, durationMs: null };
  if (added.length === 0) return;
  if (asked.length === 0) return recordApplied(context, added, run);
  const execute = async (sql: string): Promise<void> => void (await session.query(sql));
  const what = 'record the migrations';
  await withRowSettings(session, () =>
    inRowTransaction(session, { what, goOn, patienceMs }, async () => {
      await carryAnswersOut(session, owner, asked);
      await recordApplied({ owner, execute }, added, run);
    }),
  );
}

/** Options of {@link adopt}. */
export interface AdoptOptions extends SessionOptions, WishOptions {
  /** True to repair what differs. Otherwise adopt only lists it, and records only an exact match. */
  readonly repair?: boolean | undefined;
  /** True to list everything and change nothing, not even the history. */
  readonly dryRun?: boolean | undefined;
  /** Answers to the subject's questions, such as `{ schedules: 'off' }`. */
  readonly answers?: Answers | undefined;
}

/** Judges the arguments. The database's subject says which answers are allowed. */
function assertAdopt(given: { readonly dataSource: Database; readonly options: AdoptOptions }): void {
  let answers: Reader<Answers> = properties({});
  declareArguments('adopt', {
    dataSource: (value, field, faults) => {
      const database = guarded(value, field, faults);
      if (database !== undefined) answers = answersReader(database.subject.questions);
    },
    options: (value, field, faults) => {
      const own = { repair: optional(flag), dryRun: optional(flag), answers: optional(answers) };
      optionsOf({ ...sessionReaders, ...wishReaders, ...own })(value, field, faults);
    },
  })(given);
}

function nothingThere({ database, subject }: Database): ProtectionFlowsError {
  const tables = [...declaredSchemaOf(subject).keys()];
  return new ProtectionFlowsError('NOTHING_TO_ADOPT', {
    message: `the database ${database} has neither ${tables.join(' nor ')}`,
    remedy: `To make them, run ${subject.command} migrate. If they are in another database, correct the connection.`,
    details: { tables },
  });
}

const tableDifferences = (declared: Schema, live: Schema): Difference[] =>
  [...declared.values()].flatMap((table) => compareTable(declared, table, live));

/** Differences that are left after the repairs, because another session changed the tables meanwhile. */
function leftOver(differences: readonly Difference[]): AdoptRepair[] {
  const [first] = differences;
  if (first === undefined) return [];
  const title = 'repair what was changed meanwhile: run adopt --repair again';
  return [{ title, table: first.table, differences, rows: 0, sql: [], copies: null, status: 'to-repair' }];
}

const blocks = ({ effect }: Finding): boolean => effect === 'blocking';

/**
 * Takes over tables that were made by hand. Where they are exactly as declared, adopt records the migrations in the
 * history. Otherwise it lists every difference with the SQL that ends it. With `repair` it carries that SQL out, online
 * where the server can, and then records. It loses no row and no undeclared column, index or foreign key. What only the
 * owner can decide is listed with the choices. While a decision is open, or one of the subject's questions (what begins by
 * itself after the first adopt) has no answer, adopt carries nothing out.
 *
 * It records nothing before the tables are as declared, so the next run finishes one that crashed. On a database whose
 * history is complete it repairs what drifted. A key that can't be added, such as one with orphans, is reported, and a
 * later migrate adds it.
 *
 * @throws ProtectionFlowsError VALIDATION_FAILED for wrong arguments; NOTHING_TO_ADOPT, MIGRATE_LOCKED, TABLE_BUSY, INTERRUPTED, CONNECTION_LOST
 */
export async function adopt(dataSource: Database, options: AdoptOptions = {}): Promise<AdoptResult> {
  assertAdopt({ dataSource, options });
  const { subject, server } = dataSource;
  const declared = declaredSchemaOf(subject);
  const times = new Map<string, number>();
  const wishes = wishesOf(subject, options);
  const told = { ...wishes, discardRows: false, onKey: (name: string, ms: number) => times.set(name, ms) };
  return withMigrationSession(dataSource, options, told, async ({ session, context, node, tell }) => {
    tell('compare the tables with the declared ones');
    const look = await lookAround(dataSource, session, wishes, node);
    const { survey } = look;
    if (![...declared.keys()].some((name) => survey.live.has(name))) throw nothingThere(dataSource);

    const planned = plannedRepairs(look);
    const dryRun = options.dryRun === true;
    const repairing = options.repair === true && !dryRun;
    // The repair itself learns from the server whether a copy is needed
    const findings = look.findings.filter(
      ({ code, key }) => !(repairing && code === 'TABLE_COPY_REFUSED' && key === null),
    );
    const names = await readUnrecorded(subject, session);
    const asked = look.raised.map((one) => ({ ...one, answer: options.answers?.[one.question.id] ?? null }));
    const isOpen = survey.decisions.length > 0 || asked.some(({ answer }) => answer === null);
    const stopped = isOpen || findings.some(blocks);
    let live = survey.live;
    let carried: CarriedOut = { done: new Set(), findings: [] };
    if (repairing && !stopped) {
      carried = await carryOut(context, look, tell);
      findings.push(...carried.findings);
      live = await readCatalog(session, server, tablesOf(subject));
    }
    const repairs = [...planned].map(([repair, one]): AdoptRepair =>
      carried.done.has(repair) ? { ...one, status: 'repaired' } : one,
    );
    const left = repairing && !stopped && !findings.some(blocks) ? tableDifferences(declared, live) : [];
    repairs.push(...leftOver(left));

    const isExact = repairs.length === 0 && keysAreAsDeclared(declared, live);
    const isRepaired = repairing && !findings.some(blocks) && left.length === 0;
    const adopted = !stopped && !dryRun && (isExact || isRepaired) ? names : [];
    await recordMigrations(subject, context, adopted, asked);
    const recorded = adopted.length === names.length;
    const isDone = repairs.every(({ status }) => status === 'repaired') && keysAreAsDeclared(declared, live);
    return {
      ok: recorded && isDone && !stopped && !findings.some(isInTheWay),
      ...whereOf(dataSource),
      recorded,
      adopted,
      repairs,
      decisions: survey.decisions,
      questions: questionResults(asked, adopted.length > 0),
      keys: keyResults(declared, survey.live, live, findings, times),
      findings,
    };
  });
}
