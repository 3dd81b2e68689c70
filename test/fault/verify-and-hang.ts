import 'reflect-metadata';
import { createDataSource } from '../../src/create-data-source';
import { verify } from '../../src/verify';

/** Verifies the database of DATABASE_URL, says so in the middle of its transaction, and stays there until killed. */
async function main(): Promise<void> {
  const dataSource = await createDataSource().initialize();
  const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
  let deletes = 0;
  dataSource.createQueryRunner = (mode) => {
    const runner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...parameters: unknown[]) => Promise<unknown>;
    runner.query = (async (...parameters: unknown[]) => {
      const result = await query(...parameters);
      if (!/^DELETE/.test(String(parameters[0])) || (deletes += 1) < 2) return result;
      process.stdout.write('in the middle\n');
      return new Promise(() => setInterval(() => undefined, 1000));
    }) as typeof runner.query;
    return runner;
  };
  await verify(dataSource);
}

void main();
