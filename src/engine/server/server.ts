import { ProtectionFlowsError } from '../../errors';
import type { Queryable } from './queryable';

/** The two kinds of server that this package supports. They differ in catalog, DDL and TypeORM driver type. */
export type Flavour = 'mariadb' | 'mysql';

/** The product name of each kind. */
export const flavourNames: Readonly<Record<Flavour, string>> = { mariadb: 'MariaDB', mysql: 'MySQL' };

/** The server's kind and version, as the server reports them. */
export interface Server {
  readonly flavour: Flavour;
  /** Its version without suffixes, such as `10.11.14`. */
  readonly version: string;
}

/** `MariaDB 10.11.14`. */
export const serverName = ({ flavour, version }: Server): string => `${flavourNames[flavour]} ${version}`;

/** Where a result comes from. Every result about a database has these two fields. */
export interface Where {
  readonly server: Server;
  readonly database: string;
}

/** Picks the two fields of {@link Where} from a database. */
export const whereOf = ({ server, database }: Where): Where => ({ server, database });

/** The oldest supported versions. Older ones ignore DESC in an index, or a CHECK. */
export const versionFloors: Readonly<Record<Flavour, string>> = { mariadb: '10.11', mysql: '8.4' };

function isBelow(version: string, floor: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [floorMajor = 0, floorMinor = 0] = floor.split('.').map(Number);
  return major < floorMajor || (major === floorMajor && minor < floorMinor);
}

/**
 * Asks the server for its kind and version. MariaDB names itself in VERSION() or in version_comment; any other server from
 * 8.4 on counts as MySQL.
 *
 * @param database the one that the session has to be in. The server's init_connect, or a proxy, may have chosen another one
 * @throws ProtectionFlowsError SERVER_UNSUPPORTED for a server older than {@link versionFloors}, or of another kind, such
 * as TiDB, which names itself in the same way; SESSION_UNFIT for a session in another database
 */
export async function detectServer(session: Queryable, database?: string): Promise<Server> {
  // The server compares the names: it may store them in lower case
  const [row] = (await session.query(
    `SELECT VERSION() AS version, @@version_comment AS comment, DATABASE() AS actual, DATABASE() = ? AS isHere,
            @@SESSION.time_zone AS timeZone, @@SESSION.sql_mode AS sqlMode`,
    [database],
  )) as (Record<'version' | 'comment' | 'timeZone' | 'sqlMode', string> &
    Record<'actual' | 'isHere', unknown>)[];
  const banner = `${row?.version ?? ''} ${row?.comment ?? ''}`;
  const version = /^(?:5\.5\.5-)?(\d+\.\d+(?:\.\d+)?)/.exec(row?.version ?? '')?.[1] ?? '0';
  const flavour: Flavour = /mariadb/i.test(banner) ? 'mariadb' : 'mysql';
  const foreign = /tidb|vitess|oceanbase|singlestore|doris|starrocks/i.exec(banner)?.[0];
  if (foreign !== undefined || isBelow(version, versionFloors[flavour])) {
    throw new ProtectionFlowsError('SERVER_UNSUPPORTED', {
      message: `the server is ${foreign ?? flavourNames[flavour]} ${version}, which this package does not support`,
      remedy: `Use MariaDB ${versionFloors.mariadb} or newer, or MySQL ${versionFloors.mysql} or newer.`,
      details: { version: row?.version ?? null, comment: row?.comment ?? null },
    });
  }
  if (row !== undefined && database !== undefined && Number(row.isHere) !== 1) {
    const fault = `its sessions begin in the database ${String(row.actual)}, not in ${database}`;
    const { timeZone, sqlMode } = row;
    throw new ProtectionFlowsError('SESSION_UNFIT', {
      message: `the server can't be used: ${fault}`,
      remedy:
        'Take the USE out of what every session begins with: see SELECT @@GLOBAL.init_connect, and the settings of a proxy.',
      details: { faults: [fault], timeZone, sqlMode },
    });
  }
  return { flavour, version };
}
