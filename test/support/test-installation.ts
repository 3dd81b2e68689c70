import {
  getServerInstallation,
  type ServerWish,
  type ServerInstallation,
} from '../../src/testing/server-installation';
import { getGaleraInstallation } from './galera-installation';

/** The server that the tests shall run against: `PROTECTION_FLOWS_TEST_SERVER`, or empty for the first found. */
export function wantedServer(): string {
  return process.env['PROTECTION_FLOWS_TEST_SERVER'] ?? '';
}

/** True where the shared server is to be a node of a cluster. */
export function isGaleraWanted(): boolean {
  return wantedServer() === 'galera';
}

/** The program of a server that the tests start on their own. With `galera`, the nodes' one, by itself. */
export async function testInstallation(): Promise<ServerInstallation> {
  const wanted = wantedServer();
  if (wanted === '') return getServerInstallation();
  if (isGaleraWanted()) return (await getGaleraInstallation()).server;
  const [, flavour, version] = /^(mariadb|mysql)(?:-([\d.]+))?$/.exec(wanted) ?? [];
  if (flavour === undefined) {
    throw new Error(
      `PROTECTION_FLOWS_TEST_SERVER=${wanted}: neither galera nor of the form mariadb-11.8 or mysql-9.7`,
    );
  }
  return getServerInstallation({ flavour: flavour as ServerWish['flavour'], version });
}
