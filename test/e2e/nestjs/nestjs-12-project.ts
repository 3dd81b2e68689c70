import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder, runProgram, type ProgramEnd } from '../../support/run-program';

const fixture = join(packageFolder, 'test/fixtures/nestjs-12/package.json');
const cache = join(packageFolder, '.cache/nestjs-12');
const installAttempts = 3;

async function succeed(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { exitCode, output } = await runProgram(command, args, { cwd });
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}: ${output}`);
}

/** The inputs that decide whether an earlier installation equals a new one by npm. */
async function wish(): Promise<string> {
  const own = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const { version, dependencies, peerDependencies, peerDependenciesMeta } = own;
  const parts = [
    await readFile(fixture, 'utf8'),
    version,
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function install(tarball: string, key: string): Promise<void> {
  const partial = `${cache}.${process.pid}`;
  try {
    await mkdir(partial, { recursive: true });
    await cp(fixture, join(partial, 'package.json'));
    await cp(tarball, join(partial, 'protection-flows.tgz'));
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    let end: ProgramEnd;
    for (let attempt = 1; ; attempt += 1) {
      end = await runProgram('npm', args, { cwd: partial });
      if (end.exitCode === 0) break;
      if (attempt === installAttempts) throw new Error(`npm could not install NestJS 12: ${end.output}`);
    }
    await writeFile(join(partial, 'wish'), key);
    await rm(cache, { recursive: true, force: true });
    await rename(partial, cache);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/**
 * Makes `project` a program's folder with NestJS 12 and the package as it is built now. NestJS 12 is installed by npm,
 * beside the packed package and so under its peer dependencies, once: into `.cache/nestjs-12`.
 *
 * @throws if npm cannot install it
 */
export async function makeNestJs12Project(project: string): Promise<void> {
  await succeed(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
    packageFolder,
  );
  const tarball = join(project, (await readdir(project)).find((name) => name.endsWith('.tgz')) ?? '');
  const key = await wish();
  const installed = existsSync(join(cache, 'wish')) ? await readFile(join(cache, 'wish'), 'utf8') : '';
  if (installed !== key) await install(tarball, key);

  const modules = join(project, 'node_modules');
  const own = join(modules, '@sendense', 'protection-flows');
  await mkdir(own, { recursive: true });
  await succeed('tar', ['-xzf', tarball, '--strip-components=1', '-C', own], project);
  for (const name of await readdir(join(cache, 'node_modules'))) {
    if (name !== '@sendense' && !name.startsWith('.')) {
      await symlink(join(cache, 'node_modules', name), join(modules, name));
    }
  }
  await writeFile(join(project, 'package.json'), '{ "name": "consumer", "private": true }');
}
