import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** True if the PATH has the program. */
export function hasProgram(name) {
  const folders = (process.env.PATH ?? '').split(':').filter(Boolean);
  return [...folders, '/usr/sbin'].some((folder) => existsSync(join(folder, name)));
}

const commands = [
  [/^(alpine)$/, 'apk add mariadb mariadb-client'],
  [/^(fedora|rhel|centos)$/, 'dnf install mariadb-server'],
  [/^(arch)$/, 'pacman -S mariadb'],
  [/^(suse|opensuse.*)$/, 'zypper install mariadb'],
];

/** The command that installs a database server, if this project does not do so itself; null if unknown. */
export function installCommand() {
  if (process.platform === 'darwin') return 'brew install mariadb';
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const ids = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => match[1].split(' '));
  return commands.find(([pattern]) => ids.some((id) => pattern.test(id)))?.[1] ?? null;
}
