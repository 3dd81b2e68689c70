import { getServerInstallation, type ServerWish } from '../../src/testing/find-server-installation';
import type { ServerInstallation } from '../../src/testing/server-installation';

/** The server that the tests run against: `PROTECTION_FLOWS_TEST_SERVER`, such as `mysql-9.7`, or the first found. */
export function testInstallation(): Promise<ServerInstallation> {
  const wanted = process.env['PROTECTION_FLOWS_TEST_SERVER'];
  if (wanted === undefined || wanted === '') return getServerInstallation();
  const [, flavour, version] = /^(mariadb|mysql)(?:-([\d.]+))?$/.exec(wanted) ?? [];
  if (flavour === undefined) {
    throw new Error(`PROTECTION_FLOWS_TEST_SERVER=${wanted}: not of the form mariadb-11.8 or mysql-9.7`);
  }
  return getServerInstallation({ flavour: flavour as ServerWish['flavour'], version });
}
