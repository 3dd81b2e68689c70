import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { inProject } from './project.mjs';

const source = inProject('src');
/** Parts that commands rarely need, mostly of the data layer: loaded beside the engine when they are called. */
const asked = [
  'cli/retention',
  'cli/audit-flows',
  'schedule/index',
  'cli/demo/demo',
  'cli/output/page/pages',
];
const nameOf = (path) => relative(source, path).replace(/\.ts$/, '');

/**
 * Leaves the parts that `isElsewhere` knows out of a file of the bundle. A part that imports one loads it from the other
 * file when it runs. So each part is in one file, and its classes are the same through every door.
 */
const elsewhere = (isElsewhere, other, onPart) => ({
  name: 'elsewhere',
  setup(build) {
    build.onResolve({ filter: /^\.\.?(\/|$)/ }, async ({ path, ...place }) => {
      if (place.namespace !== 'file' || place.pluginData === 'looking') return undefined;
      const found = await build.resolve(path, { ...place, pluginData: 'looking' });
      const name = nameOf(found.path);
      if (!isElsewhere(name)) return found;
      onPart(name);
      return { path: name, namespace: 'elsewhere' };
    });
    build.onResolve({ filter: /.*/, namespace: 'elsewhere' }, ({ path }) => ({ path, external: true }));
    build.onLoad({ filter: /.*/, namespace: 'elsewhere' }, ({ path }) => ({
      contents: `module.exports = require('${other}')['${path}']();`,
    }));
  },
});

/** commander needs it only for commands that are separate programs, which we do not have; loading it takes 3 ms. */
const withoutChildProcess = {
  name: 'without-child-process',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /node_modules.commander/.test(importer) ? { path: 'none', namespace: 'none' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: '' }));
  },
};

/** The exports of a file of the bundle: each part as a function, which loads it if parts have their own scopes. */
const exportsOf = {
  oneScope: (name, at) => `import * as part${at} from './${name}'; exports['${name}'] = () => part${at};`,
  ownScopes: (name) => `exports['${name}'] = () => require('./${name}');`,
};

/**
 * Turns each `require` of a part in the same file into an import, so that all parts share a scope. A required part, and those
 * that it imports, would be in functions of their own, which V8 parses again when they are called: a command starts 10 ms
 * sooner without them.
 */
const hoisted = (isElsewhere) => ({
  name: 'hoisted',
  setup(build) {
    build.onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const imports = [];
      const contents = text.replace(/\brequire\('(\.\.?\/[^']+)'\)/g, (call, target) => {
        const named = nameOf(join(dirname(path), target));
        if (isElsewhere(named) || isElsewhere(`${named}/index`)) return call;
        const name = `hoisted${imports.length}`;
        imports.push(`import * as ${name} from '${target}';`);
        return name;
      });
      return imports.length === 0
        ? undefined
        : { contents: `${imports.join(' ')} ${contents}`, loader: 'ts' };
    });
  },
});

async function bundleParts(names, exportOf, plugins) {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  // Not at the top: the scripts that import this file install it first
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: names.map(exportOf).join('\n'),
      resolveDir: source,
    },
    tsconfig: inProject('tsconfig.build.json'),
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node20',
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    plugins: [...plugins, withoutChildProcess],
    logLevel: 'error',
  });
  return {
    code: outputFiles[0].text,
    names: Object.keys(metafile.inputs).map((path) => nameOf(inProject(path))),
  };
}

/**
 * Shortens the names of variables inside functions only: TypeORM and the history know classes by their names, and stack
 * traces show functions. Lines stay short, because Node.js prints the whole line of an error.
 */
async function shorten(code) {
  const { minify } = await import('@swc/core');
  const { transform } = await import('esbuild');
  const mangle = { topLevel: false, keep_fnames: true, keep_classnames: true };
  const { code: mangled } = await minify(code, { module: false, ecma: 2022, compress: false, mangle });
  const syntax = { target: 'node20', minifySyntax: true, minifyWhitespace: true, lineLimit: 400 };
  return (await transform(mangled, syntax)).code;
}

/**
 * Writes the two files of the bundle. The first has the parts that the engine's doors and most commands need, the second
 * has the rest. Both export their doors, and the parts that the other file loads.
 */
export async function writeParts(folder, { engine, data }) {
  const isAsked = (name) => asked.includes(name);
  const bundleEngine = (names) =>
    bundleParts(names, exportsOf.oneScope, [elsewhere(isAsked, './data', () => undefined), hoisted(isAsked)]);
  const inEngine = new Set((await bundleEngine(engine)).names);
  const wanted = new Set(engine);
  const files = {
    data: await bundleParts([...data, ...asked], exportsOf.ownScopes, [
      elsewhere(
        (name) => inEngine.has(name),
        './engine',
        (name) => wanted.add(name),
      ),
    ]),
    engine: await bundleEngine([...wanted]),
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, { code }] of Object.entries(files))
    writeFileSync(join(folder, `${name}.js`), await shorten(code));
}
