import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(__dirname, '../..');

/** Replaces the two modules that publish to channels. */
const silent: Readonly<Record<string, string>> = {
  'src/tracing/index.ts': `
    export const channelNamed = () => null;
    export const traced = (channel, context, work) => work();`,
  'src/repositories/tracing.ts': `
    export const traceCalls = () => undefined;
    export const traceClaim = (context, claim) => claim();`,
};

/** The shipped package without tracing: it never checks for subscribers. */
export async function loadUntraced(): Promise<typeof import('../../src')> {
  const { dependencies, peerDependencies } = createRequire(__filename)(`${root}/package.json`) as Record<
    'dependencies' | 'peerDependencies',
    object
  >;
  const outfile = resolve(root, 'node_modules/.cache/untraced/index.js');
  await build({
    entryPoints: [resolve(root, 'src/index.ts')],
    tsconfig: resolve(root, 'tsconfig.build.json'),
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    plugins: [
      {
        name: 'silent',
        setup({ onLoad }) {
          for (const [path, contents] of Object.entries(silent))
            onLoad({ filter: new RegExp(`/${path.replaceAll('.', '\\.')}$`) }, () => ({ contents }));
        },
      },
    ],
  });
  return createRequire(__filename)(outfile) as typeof import('../../src');
}
