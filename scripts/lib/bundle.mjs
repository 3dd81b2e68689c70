import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { inProject } from './project.mjs';

/** What programs import, each a file of src and of dist: package.json's `exports`. */
const doors = ['index', 'data-source', 'engine/index', 'metrics/index', 'nestjs/index', 'testing/index'];
/** package.json's `bin`. */
const program = 'cli/main';
/** Development dependencies that are part of the bundle: to find their files takes longer than to run a bundled one. */
const bundled = ['commander', 'picocolors'];

/**
 * Everything in one file, whose parts run once somebody asks for them: a process reads one file instead of two hundred,
 * and every door gives the same classes. Names stay, lines are short: a stack trace tells functions and places.
 */
async function writeParts(file) {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const loaders = [...doors, program].map((name) => `exports['${name}'] = () => require('./${name}');`);
  // Not at the top: those who import this file install it first
  const { build } = await import('esbuild');
  await build({
    stdin: { contents: loaders.join('\n'), resolveDir: inProject('src') },
    tsconfig: inProject('tsconfig.build.json'),
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 120,
    logLevel: 'error',
  });
}

/** A door's own file, whose last line tells ES modules the names that it exports. */
function writeDoor(folder, name, parts) {
  const file = join(folder, `${name}.js`);
  const load = `require('${name.includes('/') ? '..' : '.'}/parts')['${name}']()`;
  mkdirSync(dirname(file), { recursive: true });
  if (name === program) {
    writeFileSync(file, `#!/usr/bin/env node\n${load};\n`);
    chmodSync(file, 0o755);
    return;
  }
  const names = Object.keys(createRequire(import.meta.url)(parts)[name]()).join(', ');
  writeFileSync(file, `'use strict';\nmodule.exports = ${load};\n0 && (module.exports = { ${names} });\n`);
}

/** Removes the declarations that those of the doors do not need. */
function removeInnerDeclarations(folder) {
  const needed = new Set();
  const need = (file) => {
    if (needed.has(file)) return;
    needed.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\(?) ?['"](\.[^'"]+)['"]/g)) {
      const found = resolve(dirname(file), path);
      need(existsSync(`${found}.d.ts`) ? `${found}.d.ts` : join(found, 'index.d.ts'));
    }
  };
  for (const door of doors) need(join(folder, `${door}.d.ts`));
  for (const path of readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    if (path.endsWith('.d.ts') && !needed.has(path)) rmSync(path);
}

/** The licences that what is bundled asks to be handed on. */
function writeLicences(folder) {
  const texts = bundled.map(
    (name) => `${name}\n\n${readFileSync(inProject('node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  writeFileSync(join(folder, 'LICENSES.txt'), texts.join('\n\n'));
}

/**
 * Makes of src and of the declarations in the folder what is shipped: one file with all parts, a file for each door and
 * for the program, and the declarations of the doors.
 */
export async function bundle(folder) {
  const parts = join(folder, 'parts', 'index.js');
  await writeParts(parts);
  for (const name of [...doors, program]) writeDoor(folder, name, parts);
  writeLicences(dirname(parts));
  removeInnerDeclarations(folder);
}
