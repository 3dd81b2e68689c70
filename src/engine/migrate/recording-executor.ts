import { MigrationExecutor, type DataSource, type Migration, type QueryRunner } from 'typeorm';
import { stepContext } from '../../migrations';
import { historyTable } from '../history/history-table';
import { quoteText } from '../server/queryable';
import { recordApplied } from '../history/history';
import { thisRun } from '../server/this-run';

/**
 * TypeORM's executor on our runner, whose own two statements go the way of all others: under the lock, stopped by
 * Ctrl-C. Beside a migration's name it records who applied it, with which version, and how long it took.
 *
 * DDL commits at once on these servers, so no transaction mode promises otherwise.
 */
export class RecordingExecutor extends MigrationExecutor {
  private startedAt = performance.now();

  constructor(dataSource: DataSource, runner: QueryRunner) {
    super(dataSource, runner);
    this.transaction = 'none';
    // TypeORM's is the database's name, a dot and the table's, which it splits at the first dot again
    Object.assign(this, { migrationsTable: historyTable });
  }

  /** Whoever runs it has made the table; older releases of TypeORM look for it with the database's name unquoted. */
  protected override async createMigrationsTableIfNotExist(): Promise<void> {}

  protected override async insertExecutedMigration(runner: QueryRunner, { name }: Migration): Promise<void> {
    const durationMs = Math.round(performance.now() - this.startedAt);
    await recordApplied(await stepContext(runner, name), [name], { ...thisRun(), durationMs });
    this.startedAt = performance.now();
  }

  protected override async deleteExecutedMigration(runner: QueryRunner, { name }: Migration): Promise<void> {
    const context = await stepContext(runner, name);
    await context.execute(`DELETE FROM ${historyTable} WHERE name = ${quoteText(name)}`);
  }
}
