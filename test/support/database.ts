import { createConnection, type Connection } from 'mysql2/promise';
import { isProtectionFlowsError } from '../../src/errors';
import type { Queryable } from '../../src/engine/server/queryable';
import type { DatabaseSettings, ServerAddress } from '../../src/testing/connection-url';
import {
  createPlatformTables,
  platformPresets,
  type PlatformAge,
  type PlatformPresetName,
} from '../../src/testing/platform-tables';
import { startPrivateServer, type PrivateServer } from '../../src/testing/private-server';
import {
  createThrowAwayDatabase,
  sessionOf,
  type ThrowAwayDatabase,
} from '../../src/testing/throw-away-database';
import { sharedServer } from './shared-server';
import { testInstallation } from './test-installation';
import { waitFor } from './wait-for';

export interface UseDatabaseOptions {
  /** Which tables of the platform exist. Default: `general_ci`. */
  readonly platform?: PlatformPresetName | 'none';
  /** The release of the platform. Default: `older`. */
  readonly age?: PlatformAge;
  /** Its exact name. Default: a unique one. */
  readonly name?: string;
  /** Default: the server that all test files share. */
  readonly server?: ServerAddress;
  /** A database for the whole file, or a fresh one for each test. Default: `all`. */
  readonly per?: 'all' | 'each';
}

/** A throw-away database; valid inside tests and hooks, not while the test file is being collected. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  readonly settings: DatabaseSettings;
  /** A raw mysql2 connection to it, in UTC. */
  readonly connection: Connection;
  /** The same connection as a session of this package. */
  readonly session: Queryable;
  /** Another connection of the same kind, closed by the hook too. */
  connect(): Promise<Connection>;
}

interface Opened {
  readonly database: ThrowAwayDatabase;
  readonly connections: Connection[];
}

/** Registers hooks that create a database with the platform's tables before the tests, and drop it after them. */
export function useDatabase(options: UseDatabaseOptions = {}): TestDatabase {
  const { platform = 'general_ci', age, name, per = 'all' } = options;
  let opened: Opened | undefined;
  const get = (): Opened => {
    if (opened === undefined)
      throw new Error(
        'the database is there only inside tests, and in hooks that are registered before useDatabase',
      );
    return opened;
  };
  const connect = async (): Promise<Connection> => {
    const { username: user, ...where } = get().database.settings;
    const connection = await createConnection({ ...where, user, timezone: 'Z' });
    // Without a listener, a server that goes away would end the test process
    connection.on('error', () => undefined);
    get().connections.push(connection);
    await connection.query(`SET time_zone = '+00:00'`);
    return connection;
  };

  const open = async (): Promise<void> => {
    const defaults = platform === 'none' ? {} : platformPresets[platform].database;
    const server = options.server ?? sharedServer();
    // A node that its cluster lost for a moment, for example because the machine stood still, is soon back
    const create = () => createThrowAwayDatabase(server, { name, ...defaults });
    const database = await create().catch((error: unknown) => {
      if (!isProtectionFlowsError(error, 'SERVER_NOT_READY')) throw error;
      return waitFor(create);
    });
    opened = { database, connections: [] };
    const session = sessionOf(await connect());
    if (platform !== 'none') await createPlatformTables(session, platform, undefined, age);
  };
  const close = async (): Promise<void> => {
    for (const connection of opened?.connections ?? []) connection.destroy();
    // A file's own server may be gone already, with its databases
    if (options.server === undefined) await opened?.database.drop();
    opened = undefined;
  };
  (per === 'all' ? beforeAll : beforeEach)(open);
  (per === 'all' ? afterAll : afterEach)(close);

  return {
    get name() {
      return get().database.name;
    },
    get url() {
      return get().database.url;
    },
    get settings() {
      return get().database.settings;
    },
    get connection() {
      return get().connections[0]!;
    },
    get session() {
      return sessionOf(get().connections[0]!);
    },
    connect,
  };
}

/** The options for a test file's own server. */
export interface UsePrivateServerOptions {
  readonly serverArguments?: readonly string[];
  readonly timeZone?: string;
}

type LazyServer = Pick<
  PrivateServer,
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'flavour'
  | 'version'
  | 'url'
  | 'directory'
  | 'kill'
  | 'restart'
  | 'isRunning'
  | 'pid'
>;

/**
 * Registers hooks that start a private server with these settings before the tests, and stop it after them. Pass the result to
 * {@link useDatabase} as `server`, and call that after this.
 */
export function usePrivateServer(options: UsePrivateServerOptions = {}): LazyServer {
  let started: PrivateServer | undefined;
  beforeAll(async () => {
    started = await startPrivateServer({ installation: await testInstallation(), ...options });
  });
  afterAll(() => started?.stop());
  return new Proxy({} as LazyServer, {
    get(_target, property) {
      if (started === undefined) throw new Error('the server is there only inside tests and hooks');
      const value: unknown = Reflect.get(started, property, started);
      return typeof value === 'function' ? value.bind(started) : value;
    },
  });
}
