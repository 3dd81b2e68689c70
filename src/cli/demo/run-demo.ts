import { isProtectionFlowsError } from '../../errors';
import { migrate, rollback, type MigrateResult, type RollbackResult } from '../../engine/migrate';
import { verify, type VerifyReport } from '../../engine/verify';
import { migrateText, rollbackText, verifyText } from '../output/text';
import type { Reporter } from '../output/reporter';
import { platformFingerprint, withDemoDatabase, type DemoDatabase } from './demo-database';
import { factsText, readFacts, type DatabaseFacts } from './show-database';
import { writeRows } from './write-rows';

/** What the demonstration did and saw, as `demo --json` prints it. */
export interface DemoResult {
  /** True when every part went as it should. */
  readonly ok: boolean;
  readonly migrate: Omit<MigrateResult, 'migrations'>;
  readonly database: DatabaseFacts;
  readonly verify: VerifyReport;
  /** The code that refused a rollback which would have lost the rows. */
  readonly refusedBy: string | null;
  readonly rollback: RollbackResult;
  readonly afterRollback: {
    readonly tables: number;
    readonly verdict: string;
    readonly platformUnchanged: boolean;
  };
}

async function refusalOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (isProtectionFlowsError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** Prints each part as it comes to pass. */
class Story {
  private part = 0;

  constructor(private readonly reporter: Reporter) {}

  tell(title: string, text: readonly string[]): void {
    this.part += 1;
    const { bold, cyan } = this.reporter.style;
    this.reporter.lines(['', bold(cyan(`${this.part}. ${title}`)), '', ...text]);
  }
}

async function demonstrate(
  database: DemoDatabase,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<DemoResult> {
  const { client, dataSource, server } = database;
  const { style, progress: onProgress } = reporter;
  const story = new Story(reporter);
  story.tell("A private server with the platform's tables", [
    `${server.flavour} ${server.version} on 127.0.0.1:${server.port}, database ${dataSource.database}`,
    'in mixed collations, as in the field: schedules utf8mb4_general_ci,',
    'repositories and policies utf8mb4_unicode_ci',
  ]);
  const before = await platformFingerprint(client);

  const { migrations: _, ...migrated } = await migrate(dataSource, { onProgress, signal });
  story.tell('Migrate', migrateText(migrated, style));

  await writeRows(database);
  const facts = await readFacts(client);
  story.tell('What is there now, after writing some flows and executions', factsText(facts, style));

  const proof = await verify(dataSource);
  story.tell('Verify: it exists, and it behaves', verifyText(proof, style));

  const refusedBy = await refusalOf(rollback(dataSource, { steps: 'all', discardRows: false, signal }));
  story.tell('A rollback loses no row unasked', [refusedBy ?? 'it was not refused']);

  const undone = await rollback(dataSource, { steps: 'all', discardRows: true, onProgress, signal });
  story.tell('Roll back, and let the rows go', rollbackText(undone, style));

  const { tables } = await readFacts(client);
  const { verdict } = await verify(dataSource);
  const after = await platformFingerprint(client);
  const platformUnchanged = JSON.stringify(before) === JSON.stringify(after);
  story.tell('What is left', [
    `${tables.length} tables named protection_flow%; verify says ${verdict}`,
    `the platform's ${Object.keys(before).length} tables, definition and checksum: ${platformUnchanged ? 'unchanged' : 'CHANGED'}`,
  ]);
  const ok =
    migrated.ok &&
    proof.ok &&
    facts.tables.length === 2 &&
    facts.keys.length === 5 &&
    (refusedBy?.startsWith('ROLLBACK_WOULD_LOSE_ROWS') ?? false) &&
    tables.length === 0 &&
    verdict === 'never-ran' &&
    platformUnchanged;
  const afterRollback = { tables: tables.length, verdict, platformUnchanged };
  return {
    ok,
    migrate: migrated,
    database: facts,
    verify: proof,
    refusedBy,
    rollback: undone,
    afterRollback,
  };
}

/** Runs the demonstration and prints it; true when every part went as it should. */
export async function runDemo(reporter: Reporter, signal: AbortSignal): Promise<boolean> {
  const result = await withDemoDatabase((database) => demonstrate(database, reporter, signal));
  const { green, red } = reporter.style;
  reporter.result(result, () => [
    '',
    result.ok ? green('Everything went as it should.') : red('Something did not go as it should: see above.'),
  ]);
  return result.ok;
}
