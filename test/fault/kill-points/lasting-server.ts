import { usePrivateServer } from '../../support/database';

/**
 * Registers hooks for a server whose commits are all in its files when it is killed: written at each commit, handed to
 * the operating system. Not synced to the disk: that would help against a crash of the machine only, and makes every
 * DDL statement wait for the disk several times.
 */
export const useLastingServer = (): ReturnType<typeof usePrivateServer> =>
  usePrivateServer({
    serverArguments: [
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-flush-method=nosync',
      // MariaDB's files that are not InnoDB's: .frm, the DDL log
      '--loose-debug-no-sync',
    ],
  });
