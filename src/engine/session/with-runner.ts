import type { DataSource, QueryRunner } from 'typeorm';

/** Runs `work` on a runner of its own on the writing server, and gives the runner back however it ends. */
export async function withRunner<T>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner('master');
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}
