import { existsSync, readFileSync } from 'node:fs';
import { Fault, say } from './fault.mjs';
import { inProject } from './project.mjs';
import { runQuietly } from './run.mjs';

function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

/** True when every package that the lock file names is there, in that version. */
function isComplete() {
  const wanted = readPackages(inProject('package-lock.json'));
  const installed = readPackages(inProject('node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional || (installed[path]?.version === version && existsSync(inProject(path))),
  );
}

function runNpm(...args) {
  const all = [...args, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  return npm?.endsWith('.js') ? runQuietly(process.execPath, [npm, ...all]) : runQuietly('npm', all);
}

/** What npm says before it explains its usage. */
function faultLines(output) {
  const lines = output.split('\n').filter((line) => /^npm error .*\S/.test(line));
  return (lines.length > 0 ? lines : output.split('\n')).slice(0, 5).join('\n  ');
}

/** Installs the packages of the lock file, those for development too, unless they are there. */
export async function ensureNodeModules() {
  if (isComplete()) return;
  say('installing the packages of package-lock.json, which takes a while');
  let { code, output } = await runNpm('ci');
  // A lock file lacks other systems' optional packages where it was written against a registry without them.
  // `npm ci` refuses it; `npm install` goes by it and fetches what this system needs besides
  if (code !== 0 && /code EUSAGE/.test(output)) ({ code, output } = await runNpm('install', '--no-save'));
  if (code !== 0) {
    throw new Fault(
      `npm could not install the packages:\n  ${faultLines(output)}`,
      'The packages of package-lock.json are not complete.',
      'Mend what npm names (usually the way to the registry) and type the same command again.',
    );
  }
  say('installed the packages of package-lock.json');
}
