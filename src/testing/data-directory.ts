import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { cp, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandOf, isRoot, locationArguments, type ServerInstallation } from './server-installation';

/** A small log in the template: a server that wants a larger one makes it at its start. */
const templateLogSize = '--innodb-log-file-size=8M';

const youngestEatenMs = 24 * 60 * 60 * 1000;

function initialisation(installation: ServerInstallation, directory: string): [string, string[]] {
  const user = isRoot() ? ['--user=root'] : [];
  const common = ['--no-defaults', ...locationArguments(installation), `--datadir=${directory}`, ...user];
  if (installation.flavour === 'mysql') return [installation.binary, [...common, '--initialize-insecure']];
  return [
    installation.installDbProgram!,
    // --force: do not insist on a resolvable host name
    [...common, '--auth-root-authentication-method=normal', '--skip-test-db', '--force', templateLogSize],
  ];
}

async function initialise(
  installation: ServerInstallation,
  directory: string,
  shared: string,
): Promise<void> {
  const command = commandOf(installation, ...initialisation(installation, directory), shared);
  await promisify(execFile)(command.program, command.args, { env: command.env });
  // The server's UUID: each copy shall get one of its own
  await rm(join(directory, 'auto.cnf'), { force: true });
}

/** This user's folder for templates, or null where the place is not this user's to trust. */
async function ensureTemplatesFolder(): Promise<string | null> {
  const folder = join(tmpdir(), `protection-flows-servers-${process.getuid?.() ?? 'user'}`);
  await mkdir(folder, { mode: 0o700, recursive: true });
  const found = await lstat(folder);
  return found.isDirectory() && found.uid === process.getuid?.() ? folder : null;
}

async function templateName(installation: ServerInstallation): Promise<string> {
  const { flavour, version, binary, chroot = '' } = installation;
  const { mtimeMs, size } = await stat(chroot + binary);
  const identity = createHash('sha256').update(JSON.stringify([chroot, binary, mtimeMs, size]));
  return `${flavour}-${version}-${identity.digest('hex').slice(0, 12)}`;
}

async function findTemplate(installation: ServerInstallation): Promise<string | null> {
  const folder = await ensureTemplatesFolder();
  return folder === null ? null : join(folder, await templateName(installation));
}

/**
 * Removes the installation's template where it is so old that a cleaner of temporary folders may have eaten half
 * of it. Returns whether it did, so whether another attempt can end differently.
 */
export async function forgetOldDataTemplate(installation: ServerInstallation): Promise<boolean> {
  const template = await findTemplate(installation);
  if (template === null || !existsSync(template)) return false;
  const { birthtimeMs } = await stat(template);
  if (Date.now() - birthtimeMs < youngestEatenMs) return false;
  await rm(template, { recursive: true, force: true });
  return true;
}

/**
 * Makes `directory` an initialised data directory whose root user has no password: a copy of an earlier one of
 * the same server where there is one. Safe to be called by many processes at once.
 *
 * @param shared the folder above `directory` that the server sees under the same path
 */
export async function createDataDirectory(
  installation: ServerInstallation,
  directory: string,
  shared: string,
): Promise<void> {
  const template = await findTemplate(installation);
  if (template !== null && existsSync(template)) {
    await cp(template, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
    return;
  }
  await initialise(installation, directory, shared);
  if (template === null) return;
  const copy = `${directory}.copy`;
  await cp(directory, copy, { recursive: true, mode: constants.COPYFILE_FICLONE });
  // Only one of several processes succeeds: a folder is not renamed onto one that has files
  await rename(copy, template).catch(() => rm(copy, { recursive: true, force: true }));
}
