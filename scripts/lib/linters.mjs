import { installing, updateAndRun } from './apt-get.mjs';
import { hasProgram } from './distribution.mjs';
import { Fault, say } from './fault.mjs';
import { lastLines } from './run.mjs';

/** Linters for databases that nobody here wrote, and Debian's packages of them. */
const linters = { 'pt-duplicate-key-checker': 'percona-toolkit', skeema: 'skeema' };

/** Makes sure, as root on Debian, that the linters are there by which test/integration/schema/linters.test.ts goes. */
export async function ensureLinters() {
  const missing = Object.entries(linters).flatMap(([program, name]) => (hasProgram(program) ? [] : [name]));
  if (missing.length === 0) return;
  const { code, output } = await updateAndRun(installing(...missing));
  if (code !== 0) {
    throw new Fault(
      `apt-get could not install ${missing.join(', ')}:\n  ${lastLines(output)}`,
      'No linter looks at the schema; the other tests run.',
      'Mend what apt names and type the command again.',
    );
  }
  say(`installed ${missing.join(', ')}`);
}
