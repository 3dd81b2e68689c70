import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { Guardian } from '../../src/testing/server-process';
import type { ServerInstallation } from '../../src/testing/server-installation';
import { createServerFolder } from '../../src/testing/server-place';
import { ClusterNode, startLimitMs, type NodeState } from './cluster-node';

/** One member of a group of MySQL servers that replicate to one another. */
export class GroupNode extends ClusterNode {
  readonly seeAllSql: string = `SET SESSION group_replication_consistency = 'BEFORE'`;

  protected async readState(connection: Connection, timeout: number): Promise<NodeState> {
    const sql = `
      SELECT SUM(m.MEMBER_ID = @@server_uuid AND m.MEMBER_STATE = 'ONLINE') AS isOnline, COUNT(*) AS members,
             SUM(m.MEMBER_STATE = 'ONLINE') AS reached, MAX(s.VIEW_ID) AS view, @@super_read_only AS isReadOnly
        FROM performance_schema.replication_group_members m
        LEFT JOIN performance_schema.replication_group_member_stats s USING (MEMBER_ID)`;
    const [[row]] = await connection.query<RowDataPacket[]>({ sql, timeout });
    const reached = Number(row?.['reached']);
    // Members without a majority are shown as ONLINE too, but each of their writes waits
    const isSynced = Number(row?.['isOnline']) === 1 && 2 * reached > Number(row?.['members']);
    return {
      isSynced,
      clusterSize: reached,
      membership: String(row?.['view']),
      takesWrites: isSynced && Number(row?.['isReadOnly']) === 0,
    };
  }

  override async found(): Promise<void> {
    await this.launch();
    await this.execute(
      'SET GLOBAL group_replication_bootstrap_group = ON',
      this.startSql,
      'SET GLOBAL group_replication_bootstrap_group = OFF',
    );
  }

  protected override async joinOthers(): Promise<void> {
    await this.execute(this.startSql);
  }

  override rejoin(): Promise<void> {
    return this.withConnection(async (connection) => {
      const [[row]] = await connection.query<RowDataPacket[]>(
        'SELECT MEMBER_STATE AS state FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid',
      );
      const isOut = row === undefined || ['ERROR', 'OFFLINE'].includes(String(row['state']));
      // If the others do not let it in yet, the caller tries again
      const again = async (): Promise<void> => {
        for (const sql of ['STOP GROUP_REPLICATION', this.startSql]) await connection.query(sql);
      };
      if (isOut) await again().catch(() => undefined);
    });
  }

  /** The member uses this account to copy missed transactions from another member. */
  private get startSql(): string {
    return `START GROUP_REPLICATION USER = '${this.username}', PASSWORD = '${this.password}'`;
  }

  private execute(...statements: readonly string[]): Promise<void> {
    return this.withConnection(async (connection) => {
      for (const sql of statements) await connection.query(sql);
    });
  }

  /** Connects through the socket, which works in every state of the group. */
  private async withConnection(work: (connection: Connection) => Promise<void>): Promise<void> {
    const { socketPath, username: user, password } = this;
    const connection = await createConnection({ socketPath, user, password });
    try {
      await work(connection);
    } finally {
      connection.destroy();
    }
  }
}

/** Makes a node's folder and data. The caller launches the node, and must stop it in any case. */
export async function createGroupNode(
  installation: ServerInstallation,
  serverArguments: readonly string[],
): Promise<GroupNode> {
  const directory = await createServerFolder();
  const node = new GroupNode(
    directory,
    installation,
    { serverArguments, startLimitMs },
    new Guardian(directory),
  );
  try {
    await node.createData();
    // Not logged: each node creates its accounts itself, and a logged transaction that the others lack would exclude it
    const accounts = join(directory, 'accounts.sql');
    await writeFile(accounts, `SET SESSION sql_log_bin = 0;\n${await readFile(accounts, 'utf8')}`);
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}
