import 'reflect-metadata';
import { createDataSource } from '../../src/typeorm/create-data-source';
import { verify } from '../../src/engine/verify';
import { aroundStatements } from '../support/around-statements';

/** Verifies the database of DATABASE_URL. It prints a line in the middle of its transaction, and stops there until it is killed. */
async function main(): Promise<void> {
  const dataSource = await createDataSource().initialize();
  let deletes = 0;
  aroundStatements(dataSource, async (sql, execute) => {
    const result = await execute();
    if (!/^DELETE/.test(sql) || (deletes += 1) < 2) return result;
    process.stdout.write('in the middle\n');
    return new Promise(() => setInterval(() => undefined, 1000));
  });
  await verify(dataSource);
}

void main();
