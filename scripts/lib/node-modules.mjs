import { existsSync, readFileSync } from 'node:fs';
import { Fault, say } from './fault.mjs';
import { inProject } from './project.mjs';
import { runQuietly } from './run.mjs';

function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

/** True if every package of the lock file is installed in its version. */
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

/** npm's message, without its usage. */
function faultLines(output) {
  const lines = output.split('\n').filter((line) => /^npm error .*\S/.test(line));
  return (lines.length > 0 ? lines : output.split('\n')).slice(0, 5).join('\n  ');
}

/** Installs the packages of the lock file, with those for development, unless they are installed. */
export async function ensureNodeModules() {
  if (isComplete()) return;
  say('installing the packages of package-lock.json, which takes a while');
  let { code, output } = await runNpm('ci');
  // A lock file may lack other systems' optional packages, if the registry did not have them when it was written.
  // `npm ci` refuses such a file; `npm install` follows it and adds what this system needs
  if (code !== 0 && /code EUSAGE/.test(output)) ({ code, output } = await runNpm('install', '--no-save'));
  if (code !== 0) {
    throw new Fault(
      `npm could not install the packages:\n  ${faultLines(output)}`,
      'The packages of package-lock.json are not complete.',
      'Correct what npm names (usually the access to the registry), and run the command again.',
    );
  }
  say('installed the packages of package-lock.json');
}
