import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { doors } from './bundle.mjs';
import { inProject } from './project.mjs';
import { runQuietly } from './run.mjs';
import { Fault } from './fault.mjs';

const declarationsIn = (folder) => join(folder, 'declarations');

/** Makes the declarations, one for each file of src. */
export async function declare(folder) {
  const tsc = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const outDir = declarationsIn(folder);
  const args = [tsc, '-p', inProject('tsconfig.build.json'), '--outDir', outDir, '--emitDeclarationOnly'];
  const { code, output } = await runQuietly(process.execPath, args);
  if (code === 0) return;
  throw new Fault(
    `src does not compile:\n${output}`,
    'dist was left as it was.',
    'Correct the lines named above.',
  );
}

/** Marks exports that do not exist at run time as types, such as a class of which only the type is exported. */
function markTypes(code, door) {
  const values = Object.keys(createRequire(import.meta.url)(door));
  const mark = (name) => (values.includes(name.split(' as ').pop()) ? name : `type ${name}`);
  return code.replaceAll(
    /^export \{ (.*) \}/gm,
    (_, names) => `export { ${names.split(', ').map(mark).join(', ')} }`,
  );
}

/**
 * Joins the declarations that the doors export. Those of several doors are written once, in `parts`, so that a type is the
 * same through every door, and a door needs only its own peer dependencies.
 */
export async function joinDeclarations(folder) {
  const each = declarationsIn(folder);
  // Not at the top: the scripts that import this file install it first
  const { rollup } = await import('rollup');
  const { dts } = await import('rollup-plugin-dts');
  const joined = await rollup({
    input: Object.fromEntries(doors.map((door) => [door, join(each, `${door}.d.ts`)])),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    plugins: [dts()],
    // Declarations need neither the order in which modules run, nor names that a door does not export
    onwarn: () => undefined,
  });
  const { output } = await joined.generate({
    entryFileNames: '[name].d.ts',
    chunkFileNames: ({ name }) => `parts/${name.replace(/\.d$/, '')}.d.ts`,
    hoistTransitiveImports: false,
    minifyInternalExports: false,
  });
  for (const { fileName, name, code, isEntry } of output) {
    const file = join(folder, fileName);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, isEntry ? markTypes(code, join(folder, `${name}.js`)) : code);
  }
  rmSync(each, { recursive: true });
}
