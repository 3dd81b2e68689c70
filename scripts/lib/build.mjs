import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { bundle } from './bundle.mjs';
import { declare, joinDeclarations } from './declarations.mjs';
import { say } from './fault.mjs';
import { inProject } from './project.mjs';

const dist = inProject('dist');

function newestChange(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newestChange(`${path}/${name}`)));
}

function isUpToDate() {
  const sources = [
    'src',
    'scripts/lib/bundle.mjs',
    'scripts/lib/declarations.mjs',
    'scripts/lib/parts.mjs',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
  ].map((name) => inProject(name));
  return existsSync(dist) && Math.max(...sources.map(newestChange)) < statSync(dist).mtimeMs;
}

/** Replaces dist by the folder. If several builds do so at once, the last one wins. */
function replaceDist(folder) {
  const old = `${folder}.old`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (existsSync(dist)) renameSync(dist, old);
      renameSync(folder, dist);
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    } finally {
      rmSync(old, { recursive: true, force: true });
    }
  }
}

/** Compiles src to dist, which is replaced only once everything compiled. Needs node_modules. */
export async function build() {
  const begun = new Date();
  const partial = inProject(`dist.${process.pid}`);
  try {
    await declare(partial);
    await bundle(partial);
    await joinDeclarations(partial);
    replaceDist(partial);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  utimesSync(dist, begun, begun);
  say('built dist');
}

/** Builds unless dist is newer than everything that it is made from. */
export async function ensureBuilt() {
  if (!isUpToDate()) await build();
}
