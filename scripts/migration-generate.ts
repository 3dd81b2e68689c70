import 'reflect-metadata';
import { join, relative } from 'node:path';
import { ProtectionFlowsError } from '../src/errors';
import { generateMigration, writeMigration } from './migrations/generate-migration';
import { generateReport } from './migrations/report';
import { print, progress, runScript } from './migrations/run-script';

const help = `Usage: npm run migration:generate -- Name

Writes the migration that brings the database from what the migrations make of it to what the entities declare.
Name is in PascalCase: AddOwnerToFlows. Changes that could lose data are refused, with the reason.

A tool for developers of this package: it works on throw-away databases of a private server that it starts and stops
itself. DATABASE_URL and the other settings are not looked at, so no database of yours is ever touched.

Exit codes: 0 written · 1 nothing to generate, or refused · 2 failed · 64 the name can't be used`;

const folder = join(__dirname, '..', 'src', 'migrations');

void runScript(help, async (args) => {
  const [name = '', ...others] = args;
  if (others.length > 0) {
    throw new ProtectionFlowsError('USAGE', {
      message: `one name is expected, and ${args.length} were given: ${args.join(' ')}`,
      remedy: 'npm run migration:generate -- AddOwnerToFlows',
    });
  }
  const generated = await generateMigration({ name, onProgress: progress });
  const file =
    generated.outcome === 'generated'
      ? relative(process.cwd(), await writeMigration(folder, generated))
      : null;
  print(generateReport(generated, file));
  return generated.outcome === 'generated' ? 0 : 1;
});
