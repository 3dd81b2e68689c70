import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { writeParts } from './parts.mjs';
import { inProject } from './project.mjs';

/** The doors of package.json's `exports`, each a file of src and of dist. */
export const doors = [
  'index',
  'data-source',
  'dashboard/index',
  'engine/index',
  'metrics/index',
  'nestjs/index',
  'testing/index',
];
/** package.json's `bin`. */
const program = 'cli/main';
/** Those that need no data layer. */
const inEngine = ['engine/index', program];
/** Every door loads this first: it names a package that is not installed. */
const loader = 'errors/protection-flows-error';
/** Development dependencies in the bundle: finding their files would take longer than running the bundled ones. */
export const bundled = ['commander', 'picocolors'];

/** A door's own file. Its last line tells ES modules its exported names. */
function writeDoor(folder, name) {
  const parts = inEngine.includes(name) ? 'engine' : 'data';
  const file = join(folder, `${name}.js`);
  const part = (file) => `require('${name.includes('/') ? '..' : '.'}/parts/${file}')`;
  const load = `${part(parts)}['${name}']()`;
  mkdirSync(dirname(file), { recursive: true });
  if (name === program) {
    writeFileSync(file, `#!/usr/bin/env node\n${load}.main();\n`);
    chmodSync(file, 0o755);
    return;
  }
  const names = Object.keys(createRequire(import.meta.url)(join(folder, 'parts', parts))[name]()).join(', ');
  writeFileSync(
    file,
    `'use strict';\nmodule.exports = ${part('engine')}['${loader}']().loaded(() => ${load});\n0 && (module.exports = { ${names} });\n`,
  );
}

/** The licences of the bundled packages, which ask to be passed on. */
function writeLicences(folder) {
  const texts = bundled.map(
    (name) => `${name}\n\n${readFileSync(inProject('node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  writeFileSync(join(folder, 'LICENSES.txt'), texts.join('\n\n'));
}

/** Bundles src: two files with all parts, a file for each door and for the program, and the live page. */
export async function bundle(folder) {
  const parts = join(folder, 'parts');
  await writeParts(parts, {
    engine: [...inEngine, loader],
    data: doors.filter((name) => !inEngine.includes(name)),
  });
  for (const name of [...doors, program]) writeDoor(folder, name);
  writeLicences(parts);
  // The dashboard reads its page beside its own code
  cpSync(inProject('src', 'dashboard', 'page'), join(parts, 'page'), { recursive: true });
}
