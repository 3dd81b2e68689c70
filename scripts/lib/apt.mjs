import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { installing, updateAndRun } from './apt-get.mjs';
import { Fault, say } from './fault.mjs';
import { inProject } from './project.mjs';
import { lastLines, runQuietly } from './run.mjs';

/**
 * What to install: the packages, what happens without them, what else helps. `assertFits` gets apt's options, and throws
 * a Fault if apt's version is too old.
 *
 * @typedef {{ packages: string[], consequence: string, fix?: string, assertFits?: (options: string[]) => Promise<void> }} Wish
 */

async function updateAndInstall({ packages, consequence, fix, assertFits }, args, options = []) {
  const { code, output } = await updateAndRun(args, { options });
  if (code === 0) return;
  await assertFits?.(options);
  throw new Fault(
    `apt-get could not install ${packages.join(', ')}:\n  ${lastLines(output)}`,
    consequence,
    fix ?? 'Mend what apt names and type the command again.',
  );
}

/** Installs packages, as root. @param {Wish} wish */
export async function installSystemWide(wish) {
  await updateAndInstall(wish, installing(...wish.packages));
  say(`installed ${wish.packages.join(', ')}`);
}

/**
 * Unpacks packages and their missing dependencies into a folder of .cache, as any user. The system does not change.
 *
 * @param {Wish} wish
 */
export async function unpackIntoProject(wish, name) {
  const state = inProject('.cache', 'apt');
  const archives = join(state, 'cache', 'archives');
  for (const folder of [join(state, 'lists', 'partial'), join(archives, 'partial')]) {
    mkdirSync(folder, { recursive: true });
  }
  const options = [
    `Dir::State=${state}`,
    `Dir::State::lists=${join(state, 'lists')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::Cache=${join(state, 'cache')}`,
    `Dir::Cache::archives=${archives}`,
    'Dir::Log=/dev/null',
    'Debug::NoLocking=1',
  ].flatMap((option) => ['-o', option]);
  const download = [...installing(...wish.packages), '--download-only', '--reinstall'];
  await updateAndInstall(wish, download, options);
  await wish.assertFits?.(options);

  const partial = inProject('.cache', `${name}.${process.pid}`);
  mkdirSync(partial, { recursive: true });
  for (const archive of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
    const { code, output } = await runQuietly('dpkg-deb', ['-x', join(archives, archive), partial]);
    if (code !== 0)
      throw new Fault(`${archive}: ${lastLines(output)}`, wish.consequence, 'Run the command again.');
  }
  rmSync(inProject('.cache', name), { recursive: true, force: true });
  renameSync(partial, inProject('.cache', name));
  rmSync(state, { recursive: true, force: true });
  say(`unpacked ${wish.packages.join(', ')} into .cache/${name}`);
}
