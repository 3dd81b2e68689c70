import type { ClusterKind } from './test-installation';

/** Tests that can't pass on a server by its nature. */
export interface EngineDifference {
  /** As in `PROTECTION_FLOWS_TEST_SERVER`. Without a version: all versions, and the clusters of such servers. */
  readonly engine: ClusterKind | 'mariadb' | 'mysql' | `${'mariadb' | 'mysql'}-${string}`;
  /** The test file, from the package's folder. */
  readonly file: string;
  /** Matches the full names of the tests, with those of their `describe`. Default: all tests of the file. */
  readonly tests?: RegExp;
  /** The reason, from the manual or a measurement. */
  readonly reason: string;
}

/** Measured on Galera 26.4 with MariaDB 10.11; the manual: "Total Order Isolation". */
const ddlAborts =
  'DDL does not wait for transactions that use its table, but aborts them (1213), so nothing waits that could be seen';

/** The only place where a test is left out on a server. An entry that matches no test fails its file. */
export const engineDifferences: readonly EngineDifference[] = [
  {
    engine: 'galera',
    file: 'test/integration/migrator/waiting-session.test.ts',
    tests: /^(?!.* is not ended while it works)/,
    reason: ddlAborts,
  },
  {
    engine: 'galera',
    file: 'test/integration/migrator/lock.test.ts',
    tests: / is waited for when another session has just made its table and holds it$/,
    reason:
      'DDL waits there for LOCK TABLES as long as it lasts, whatever lock_wait_timeout is (seen: 120 s); test/fault/clusters/migrate.test.ts has many make that table at once',
  },
  {
    engine: 'galera',
    file: 'test/integration/keys/online-add.test.ts',
    tests: / does not close its table while a transaction writes a table that refers to it$/,
    reason: ddlAborts,
  },
  {
    engine: 'galera',
    file: 'test/integration/preflight/parents.test.ts',
    tests:
      / a system-versioned parent with(out an index| numbers for ids|out ids| a visible period and without an index)$/,
    reason:
      'system_versioning_alter_history of a session reaches no other node, so the remedy leaves the change refused (4119) there',
  },
  {
    engine: 'group-replication',
    file: 'test/fault/clusters/migrate.test.ts',
    tests: / take over from a stalled migrate, which then stops and says so$/,
    reason:
      'all migrates are on the one primary, where the lock ends with the session that has it, as on a single server',
  },
  {
    engine: 'mysql',
    file: 'test/integration/schema/linters.test.ts',
    tests: / skeema /,
    reason:
      'skeema 1.9, of Debian 12, does not know MySQL 9.7 ("Unable to determine database vendor/version")',
  },
];

/** The flavour of the nodes of each kind of cluster. */
const nodesOf: Readonly<Record<string, string>> = {
  galera: 'mariadb',
  'group-replication': 'mysql',
  'group-multi-primary': 'mysql',
};

/** Returns the differences for the test file on the wanted server. */
export function differencesOf(file: string, wantedServer: string): readonly EngineDifference[] {
  const servers = [wantedServer, nodesOf[wantedServer] ?? wantedServer];
  return engineDifferences.filter(
    ({ file: its, engine }) =>
      its === file && servers.some((server) => `${server}-`.startsWith(`${engine}-`)),
  );
}
