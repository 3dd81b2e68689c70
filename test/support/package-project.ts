import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder, runProgram } from './run-program';
import { typeormFolder } from './typeorm-version';

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const { exitCode, output } = await runProgram(command, args);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}: ${output}`);
}

/** Packs this package, as built now, into an empty folder, and returns the tarball's path. */
export async function packInto(folder: string): Promise<string> {
  await succeed('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]);
  return join(folder, (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '');
}

/** Makes `project` a program's folder in which the tarball is installed, and the packages of `absent` are not. */
export async function installInto(
  project: string,
  tarball: string,
  absent: readonly string[] = [],
): Promise<void> {
  const modules = join(project, 'node_modules');
  const own = join(modules, '@sendense', 'protection-flows');
  await mkdir(own, { recursive: true });
  await succeed('tar', ['-xzf', tarball, '--strip-components=1', '-C', own]);
  // The other packages of a consumer come from this package's node_modules, so the test needs no registry
  for (const name of await readdir(join(packageFolder, 'node_modules'))) {
    const from = name === 'typeorm' ? typeormFolder : join(packageFolder, 'node_modules', name);
    if (name !== '@sendense' && !absent.includes(name)) await symlink(from, join(modules, name));
  }
  await writeFile(join(project, 'package.json'), '{ "name": "consumer", "private": true }');
}
