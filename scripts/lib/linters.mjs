import { installSystemWide } from './apt.mjs';
import { hasProgram } from './distribution.mjs';

/** Other people's database linters, and their Debian packages. */
const linters = { 'pt-duplicate-key-checker': 'percona-toolkit', skeema: 'skeema' };

/** Makes sure, as root on Debian, that the linters of test/integration/schema/linters.test.ts are installed. */
export async function ensureLinters() {
  const packages = Object.entries(linters).flatMap(([program, name]) => (hasProgram(program) ? [] : [name]));
  if (packages.length === 0) return;
  await installSystemWide({ packages, consequence: 'No linter looks at the schema; the other tests run.' });
}
