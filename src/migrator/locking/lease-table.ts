import { select, type Queryable } from '../../schema/queryable';

/** The table of the lease. It exists from the first run on that changes something. */
export const leaseTable = 'sendense_flow_lock';

/** The one row's name. */
export const leaseName = 'migrate';

/** Who holds the lease, as the table says. */
export interface LeaseHolder {
  /** For people: process, host, version. */
  readonly holder: string;
  readonly node: string;
  readonly connectionId: number;
  /** ISO 8601 in UTC. */
  readonly since: string;
  /** ISO 8601 in UTC; in the past where it has run out. */
  readonly until: string;
}

/** Creates the table and its row unless they are there. */
export async function ensureLeaseTable(session: Queryable): Promise<void> {
  await session.query(
    `CREATE TABLE IF NOT EXISTS ${leaseTable} (
  name varchar(32) NOT NULL,
  owner char(36) NULL,
  fence bigint unsigned NOT NULL DEFAULT 0,
  holder varchar(255) NULL,
  node varchar(255) NULL,
  connection_id bigint unsigned NULL,
  taken_at datetime(3) NULL,
  expires_at datetime(3) NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci`,
  );
  await ensureLeaseRow(session);
}

/** The row alone, which somebody may have deleted. */
export async function ensureLeaseRow(session: Queryable): Promise<void> {
  await session.query(`INSERT IGNORE INTO ${leaseTable} (name) VALUES ('${leaseName}')`);
}

/** The holder; null where nobody has the lease. */
export async function readHolder(session: Queryable): Promise<LeaseHolder | null> {
  const iso = (column: string): string => `DATE_FORMAT(${column}, '%Y-%m-%dT%H:%i:%sZ')`;
  const [row] = await select<LeaseHolder>(
    session,
    `SELECT holder, node, connection_id AS connectionId, ${iso('taken_at')} AS since, ${iso('expires_at')} AS until
       FROM ${leaseTable} WHERE name = '${leaseName}' AND owner IS NOT NULL`,
  );
  return row === undefined ? null : { ...row, connectionId: Number(row.connectionId) };
}
