import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { doors } from './bundle.mjs';
import { inProject } from './project.mjs';
import { runQuietly } from './run.mjs';
import { Fault } from './fault.mjs';

/** The declarations, one for each file of src. */
async function declareEach(folder) {
  const tsc = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', inProject('tsconfig.build.json'), '--outDir', folder, '--emitDeclarationOnly'];
  const { code, output } = await runQuietly(process.execPath, args);
  if (code === 0) return;
  throw new Fault(
    `src does not compile:\n${output}`,
    'dist was left as it was.',
    'Mend the lines named above.',
  );
}

/**
 * Makes the declarations of the doors, and of what they name. What several doors name stands once, in `parts`, so that
 * it is the same type whichever door it comes through, and a door asks for no more than its own peer dependencies.
 */
export async function declare(folder) {
  const each = join(folder, 'declarations');
  try {
    await declareEach(each);
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
    await joined.write({
      dir: folder,
      entryFileNames: '[name].d.ts',
      chunkFileNames: ({ name }) => `parts/${name.replace(/\.d$/, '')}.d.ts`,
      hoistTransitiveImports: false,
      minifyInternalExports: false,
    });
  } finally {
    rmSync(each, { recursive: true, force: true });
  }
}
