import { Fault, runScript, say } from './lib/fault.mjs';
import { prepareTests, runJest } from './lib/jest.mjs';
import { inProject } from './lib/project.mjs';
import { runQuietly } from './lib/run.mjs';

/** The suites of what differs between TypeORM's releases: each way to start, and each way to a row. */
const suites = [
  'test/unit/entities/metadata',
  'test/integration/data-source/(guarded|application|secrets)',
  'test/integration/migrator/(acceptance|keys|rollback-guard|up-down-up)',
  'test/integration/repositories/(flows|executions|due-flows|idle-polls|ledger|pauses|transactions|session-check)',
  'test/integration/validation',
  'test/integration/worker',
  'test/integration/nestjs/(own-|start|driver-errors|on-flow-due)',
  'test/e2e/package/packed',
  'test/e2e/typeorm-cli',
];

/** Compiles the sources with the older types, then runs jest with the older package. */
await runScript(async (args) => {
  await prepareTests();
  say('src with the types of TypeORM 0.3');
  const tsc = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const project = inProject('test', 'fixtures', 'typeorm-0.3');
  const { code, output } = await runQuietly(process.execPath, [tsc, '--noEmit', '-p', project]);
  if (code !== 0)
    throw new Fault(
      `src does not compile with TypeORM 0.3:\n${output}`,
      'No test was run.',
      'Change the lines named above so that they compile with both.',
    );
  return runJest(args.length === 0 ? suites : args, { PROTECTION_FLOWS_TEST_TYPEORM: '0.3' });
});
