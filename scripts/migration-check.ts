import 'reflect-metadata';
import { ProtectionFlowsError } from '../src/errors';
import { checkMigrations } from './migrations/check-migrations';
import { checkReport } from './migrations/report';
import { print, progress, runScript } from './migrations/run-script';

const help = `Usage: npm run migration:check

Fails when entities and migrations disagree: by TypeORM's own diff against a freshly migrated database, and by a
comparison of the catalogs, which sees what that diff overlooks (the columns of an index, CHECK, DESC, collations).

A tool for developers of this package: it works on throw-away databases of a private server that it starts and stops
itself. DATABASE_URL and the other settings are not looked at. To look at a real database: protection-flows verify.

Exit codes: 0 they agree · 1 they disagree · 2 failed`;

void runScript(help, async (args) => {
  if (args.length > 0) {
    throw new ProtectionFlowsError('USAGE', {
      message: `no arguments are expected: ${args.join(' ')}`,
      remedy: 'npm run migration:check',
    });
  }
  const result = await checkMigrations({ onProgress: progress });
  print(checkReport(result));
  return Object.values(result).every((list: readonly string[]) => list.length === 0) ? 0 : 1;
});
