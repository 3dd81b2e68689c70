import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault, runScript, say } from './lib/fault.mjs';
import { ensureNodeModules } from './lib/node-modules.mjs';
import { inProject } from './lib/project.mjs';
import { lastLines, runQuietly } from './lib/run.mjs';

const fixture = inProject('test', 'fixtures', 'previous-release');
const sources = ['package.json', 'LICENSE', 'tsconfig.json', 'tsconfig.build.json', 'src'];

async function succeed(program, args) {
  const { code, output } = await runQuietly(program, args);
  if (code === 0) return output;
  throw new Fault(
    `${program} ${args[0]} failed:\n  ${lastLines(output)}`,
    'The fixture was left as it was.',
    'Give a commit of this clone whose sources compile with the current dependencies.',
  );
}

/** Settings for the compiled JavaScript alone: types, source maps and comments do not run. */
function writeSettings(folder) {
  const compilerOptions = {
    sourceMap: false,
    inlineSources: false,
    declaration: false,
    removeComments: true,
    outDir: 'dist',
  };
  writeFileSync(
    join(folder, 'tsconfig.previous.json'),
    JSON.stringify({ extends: './tsconfig.build.json', compilerOptions }),
  );
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, files: ['dist'] }, null, 2));
}

/**
 * Packs the package of a commit into test/fixtures/previous-release: the older program that still runs while a newer one
 * migrates.
 */
await runScript(async ([commit = '']) => {
  if (!/^[\w./^~-]+$/.test(commit) || commit.startsWith('-')) {
    throw new Fault('no commit was given', 'Nothing was made.', 'node scripts/pack-previous.mjs <commit>');
  }
  await ensureNodeModules();
  const folder = mkdtempSync(join(tmpdir(), 'pflows-previous-'));
  try {
    const tar = join(folder, 'sources.tar');
    await succeed('git', ['archive', '-o', tar, commit, ...sources]);
    await succeed('tar', ['-xf', tar, '-C', folder]);
    symlinkSync(inProject('node_modules'), join(folder, 'node_modules'));
    writeSettings(folder);
    const tsc = inProject('node_modules', 'typescript', 'bin', 'tsc');
    await succeed(process.execPath, [tsc, '-p', join(folder, 'tsconfig.previous.json')]);
    await succeed('npm', ['pack', folder, '--ignore-scripts', '--silent', '--pack-destination', folder]);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    const told = await succeed('git', ['show', '-s', '--format=%H%n%cI%n%s', commit]);
    renameSync(join(folder, tarball), join(fixture, 'package.tar.gz'));
    writeFileSync(join(fixture, 'COMMIT'), `${told}\n`);
    say(`packed ${told.split('\n')[2]} into test/fixtures/previous-release/package.tar.gz`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
