import { writeFileSync } from 'node:fs';
import { createConnection } from 'mysql2/promise';
import { isProtectionFlowsError } from '../../src/errors';
import { detectServer } from '../../src/engine/server/server';
import { serverOf } from '../../src/testing/connection-url';
import { startPrivateServer } from '../../src/testing/private-server';
import { sessionOf } from '../../src/testing/throw-away-database';
import { openPreparedSchemas } from './prepare-schema';
import { useRamDisk } from './ram-disk';
import { announceOtherNodes, announceSharedServer, type SharedServer } from './shared-server';
import { startCluster } from './start-cluster';
import { isClusterWanted, testInstallation } from './test-installation';

type StopServer = () => Promise<void>;
declare global {
  var stopSharedServer: StopServer | undefined;
}

/** Uses the server of DATABASE_URL, for machines that can't start one. */
async function givenServer(url: string): Promise<SharedServer> {
  const address = serverOf(url);
  const connection = await createConnection(url);
  try {
    return { ...address, ...(await detectServer(sessionOf(connection))) };
  } finally {
    await connection.end();
  }
}

async function startServer(): Promise<SharedServer> {
  const server = await startPrivateServer({ installation: await testInstallation() });
  globalThis.stopSharedServer = () => server.stop();
  return server;
}

/** Prints the faults, and tells `npm run test:engines`, which then repeats the tests. */
function tellThatItIsLost(faults: readonly string[]): void {
  process.stderr.write(`the cluster that the tests shared was lost:\n${faults.join('\n')}\n`);
  const file = process.env['PROTECTION_FLOWS_LOST_CLUSTER_FILE'];
  if (file !== undefined) writeFileSync(file, '');
}

/** Starts a cluster. Its first node is the shared server; in a group with one primary this is the primary. */
async function startNodes(): Promise<SharedServer> {
  const cluster = await startCluster();
  globalThis.stopSharedServer = async () => {
    const faults = await cluster.tellOfFaults();
    if (faults.length > 0) tellThatItIsLost(faults);
    await cluster.stop();
  };
  const [first, ...others] = cluster.nodes;
  announceOtherNodes(others);
  return first;
}

/** Starts the server that all test files share. If there is none, only the tests that use it fail. */
export default async function globalSetup(): Promise<void> {
  useRamDisk();
  openPreparedSchemas();
  try {
    const server = await (isClusterWanted() ? startNodes() : startServer());
    const { host, port, username, password, flavour, version } = server;
    announceSharedServer({ host, port, username, password, flavour, version });
  } catch (error) {
    if (!isProtectionFlowsError(error, 'SERVER_NOT_FOUND')) throw error;
    const url = process.env['DATABASE_URL'];
    announceSharedServer(url ? await givenServer(url) : { fault: `${error.message}. ${error.remedy}` });
  }
}
