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
    'Mend the lines named above.',
  );
}

/** Says of what a door exports and does not have at run time, such as a class of which only the type is shown, that it is a type. */
function markTypes(code, door) {
  const values = Object.keys(createRequire(import.meta.url)(door));
  const mark = (name) => (values.includes(name.split(' as ').pop()) ? name : `type ${name}`);
  return code.replaceAll(
    /^export \{ (.*) \}/gm,
    (_, names) => `export { ${names.split(', ').map(mark).join(', ')} }`,
  );
}

/**
 * Joins the declarations of what the doors name. What several doors name stands once, in `parts`, so that it is the same
 * type whichever door it comes through, and a door asks for no more than its own peer dependencies.
 */
export async function joinDeclarations(folder) {
  const each = declarationsIn(folder);
  // Not at the top: those who import this file install it first
  const { rollup } = await import('rollup');
  const { dts } = await import('rollup-plugin-dts');
  const joined = await rollup({
    input: Object.fromEntries(doors.map((door) => [door, join(each, `${door}.d.ts`)])),
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    plugins: [dts()],
    // Orders in which modules would run, and names that a door keeps to itself, are nothing to declarations
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
