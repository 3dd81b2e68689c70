import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inProject } from './project.mjs';

/** What programs import, each a file of src and of dist: package.json's `exports`. */
export const doors = [
  'index',
  'data-source',
  'engine/index',
  'metrics/index',
  'nestjs/index',
  'testing/index',
];
/** package.json's `bin`. */
const program = 'cli/main';
/** Development dependencies that are part of the bundle: to find their files takes longer than to run a bundled one. */
export const bundled = ['commander', 'picocolors'];

/**
 * Gives the variables inside functions short names, and leaves those of functions, classes and whatever stands outside:
 * TypeORM and the history know classes by their names, and a stack trace tells functions.
 */
async function shortenLocals(code) {
  const { minify } = await import('@swc/core');
  const mangle = { topLevel: false, keep_fnames: true, keep_classnames: true };
  return (await minify(code, { module: false, ecma: 2022, compress: false, mangle })).code;
}

/**
 * Everything in one file, whose parts run once somebody asks for them: a process reads one file instead of two hundred,
 * and every door gives the same classes. Lines stay short enough for an error that Node.js prints with its line.
 */
async function writeParts(file) {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const loaders = [...doors, program].map((name) => `exports['${name}'] = () => require('./${name}');`);
  // Not at the top: those who import this file install it first
  const { build, transform } = await import('esbuild');
  const whole = await build({
    stdin: { contents: loaders.join('\n'), resolveDir: inProject('src') },
    tsconfig: inProject('tsconfig.build.json'),
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    logLevel: 'error',
  });
  const { code } = await transform(await shortenLocals(whole.outputFiles[0].text), {
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 400,
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
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

/** The licences that what is bundled asks to be handed on. */
function writeLicences(folder) {
  const texts = bundled.map(
    (name) => `${name}\n\n${readFileSync(inProject('node_modules', name, 'LICENSE'), 'utf8')}`,
  );
  writeFileSync(join(folder, 'LICENSES.txt'), texts.join('\n\n'));
}

/** Makes of src what runs: one file with all parts, and a file for each door and for the program. */
export async function bundle(folder) {
  const parts = join(folder, 'parts', 'index.js');
  await writeParts(parts);
  for (const name of [...doors, program]) writeDoor(folder, name, parts);
  writeLicences(dirname(parts));
}
