import { installSystemWide } from './apt.mjs';
import { hasProgram } from './distribution.mjs';
import { Fault } from './fault.mjs';

/** The model checker, and the C compiler for the searches that it writes, with their Debian packages. */
const programs = { spin: 'spin', gcc: 'gcc' };

const consequence = 'The models can not be searched, so no test of them was run.';

/** Makes sure that Spin and a C compiler are installed: as root on Debian it installs them, else it asks for them. */
export async function ensureSpin() {
  const missing = Object.keys(programs).filter((program) => !hasProgram(program));
  if (missing.length === 0) return;
  const packages = [
    ...missing.map((program) => programs[program]),
    ...(missing.includes('gcc') ? ['libc6-dev'] : []),
  ];
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) {
    throw new Fault(
      `not here: ${missing.join(', ')}`,
      consequence,
      `As root: apt-get install ${packages.join(' ')}`,
    );
  }
  await installSystemWide({ packages, consequence });
}
