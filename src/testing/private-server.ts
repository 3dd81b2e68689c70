import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import {
  count,
  declareArguments,
  id,
  isOneLine,
  isStorableText,
  optional,
  options as optionsOf,
  that,
  type Reader,
} from '../arguments';
import { ProtectionFlowsError, isProtectionFlowsError } from '../errors';
import type { Flavour } from '../engine/server/server';
import { connectionUrl } from './connection-url';
import {
  getServerInstallation,
  wishReaders,
  type ServerWish,
  commandOf,
  type Command,
  type ServerInstallation,
} from './server-installation';
import {
  createData,
  createServerFolder,
  findFreePort,
  forgetOldDataTemplate,
  isPortFree,
  serverArguments,
} from './server-place';
import { Guardian, ServerProcess } from './server-process';

/** Options of {@link startPrivateServer}. */
export interface PrivateServerOptions extends ServerWish {
  /** The server to start. Default: the preferred server on this machine that fits flavour and version. */
  readonly installation?: ServerInstallation | undefined;
  /** Arguments for the server program, such as `--sql-mode=`. They come last and override the others. */
  readonly serverArguments?: readonly string[] | undefined;
  /** The server's time zone, as an offset such as `+05:30`. Default: the machine's. */
  readonly timeZone?: string | undefined;
  /** The root user's password, without backslashes. Default: a password that a URL has to percent-encode. */
  readonly password?: string | undefined;
  /** The time limit of a start, in milliseconds. Default: 60,000. */
  readonly startLimitMs?: number | undefined;
}

const defaultPassword = 'p@ss#word';
const defaultStartLimitMs = 60_000;
const stopLimitMs = 20_000;
const pollMs = 20;
const portAttempts = 5;
const telltaleLines = 3;

/** Reads a password that an SQL literal can hold under any sql_mode. */
const newPassword: Reader<string> = that(
  'isPassword',
  (value) => isOneLine(value) && !value.includes('\\'),
  'must be a text of one line, without backslashes and control characters',
);

const programArguments: Reader<string[]> = that(
  'isArguments',
  (value) => Array.isArray(value) && Array.from(value as unknown[]).every(isStorableText),
  'must be a list of texts',
);

const read = declareArguments('startPrivateServer', {
  options: optionsOf({
    ...wishReaders,
    installation: optional(
      that<ServerInstallation>(
        'isInstallation',
        (value) => {
          const { binary, flavour, version } = (value ?? {}) as Partial<ServerInstallation>;
          return [binary, flavour, version].every((part) => typeof part === 'string');
        },
        'must be a server installation, as getServerInstallation returns it',
      ),
    ),
    serverArguments: optional(programArguments),
    timeZone: optional(id),
    password: optional(newPassword),
    startLimitMs: optional(count({ min: 0, max: 86_400_000 })),
  }),
});

const readRestart = declareArguments('restart', { extraArguments: optional(programArguments, []) });

/** A real database server for one program, on the loopback interface, in a temporary folder. */
export class PrivateServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly username = 'root';
  readonly password: string;
  readonly flavour: Flavour;
  readonly version: string;
  readonly socketPath: string;
  private assignedPort = 0;
  private process: ServerProcess | null = null;
  private stopping: Promise<void> | null = null;

  /** @internal Use {@link startPrivateServer}. */
  constructor(
    /** The temporary folder: data, socket, `error.log`. Removed by {@link stop}. */
    readonly directory: string,
    private readonly installation: ServerInstallation,
    private readonly options: PrivateServerOptions,
    private readonly guardian: Guardian,
  ) {
    this.password = options.password ?? defaultPassword;
    this.flavour = installation.flavour;
    this.version = installation.version;
    this.socketPath = join(directory, 'sock');
  }

  /** The TCP port, the same after a {@link restart}. */
  get port(): number {
    return this.assignedPort;
  }

  /** The server's process id; after {@link kill}, the id of the killed process. */
  get pid(): number {
    return this.process?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.process?.isRunning ?? false;
  }

  /** The address of the server, or of one of its databases, with user and password. */
  url(database?: string): string {
    return connectionUrl(this, database);
  }

  /** @internal */
  async createData(): Promise<void> {
    try {
      await createData(this.installation, this.directory, this.password);
    } catch (error) {
      const output = ((error as { stderr?: string }).stderr ?? '').trim().split('\n').slice(-15);
      throw this.startFailed('its data directory could not be made', output, error);
    }
  }

  /** @internal Starts the server on a free port; tries another port if somebody took this one meanwhile. */
  async launch(extraArguments: readonly string[] = []): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      if (attempt > 1 || this.assignedPort === 0) this.assignedPort = await findFreePort();
      try {
        await this.launchOnPort(extraArguments);
        return;
      } catch (error) {
        if (attempt === portAttempts || (await isPortFree(this.assignedPort))) throw error;
      }
    }
  }

  /** Kills the server, as a crash would. Its data stays for {@link restart}. */
  async kill(): Promise<void> {
    await this.process?.end('SIGKILL', stopLimitMs);
  }

  /**
   * Starts the server again on the same data and port. Shuts it down first if it still runs.
   *
   * @param extraArguments further arguments, for this run only
   * @throws ProtectionFlowsError SERVER_START_FAILED; VALIDATION_FAILED for arguments that are no texts
   */
  async restart(extraArguments?: readonly string[]): Promise<void> {
    const { extraArguments: further } = readRestart({ extraArguments });
    await this.process?.end('SIGTERM', stopLimitMs);
    await this.launchOnPort(further);
  }

  /** Shuts the server down and removes its folder. A second call does nothing. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  /** Stops the server, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async shutDown(): Promise<void> {
    await this.process?.end('SIGTERM', stopLimitMs);
    await this.guardian.dismiss();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async launchOnPort(extraArguments: readonly string[]): Promise<void> {
    const { installation, directory, options } = this;
    const args = serverArguments(installation, { directory, port: this.port, socketPath: this.socketPath });
    if (options.timeZone !== undefined) args.push(`--default-time-zone=${options.timeZone}`);
    args.push(...(options.serverArguments ?? []), ...extraArguments);
    const launched = new ServerProcess(this.commandWith(args), join(directory, 'error.log'));
    this.process = launched;
    this.guardian.watch(launched.pid);
    launched.onExit(() => {
      if (this.process === launched) this.guardian.watch(null);
    });
    await this.waitUntilReady(launched);
  }

  /** @internal Returns the command that starts the server. */
  protected commandWith(args: readonly string[]): Command {
    const { installation, directory } = this;
    return commandOf(installation, installation.binary, args, dirname(directory));
  }

  /** Waits until the server answers on its own socket: on the port another server could answer. */
  private async waitUntilReady(launched: ServerProcess): Promise<void> {
    const limitMs = this.options.startLimitMs ?? defaultStartLimitMs;
    const deadline = Date.now() + limitMs;
    for (;;) {
      const { socketPath, username: user, password } = this;
      const fault = await createConnection({ socketPath, user, password })
        .then((connection) => connection.end())
        .then(() => null)
        .catch((error: unknown) => error);
      if (fault === null) return;
      if (!launched.isRunning) {
        throw this.startFailed('it ended while starting', await launched.lastLogLines(), fault);
      }
      if (Date.now() > deadline) {
        await launched.end('SIGKILL', stopLimitMs);
        throw this.startFailed(`it was not ready after ${limitMs} ms`, await launched.lastLogLines(), fault);
      }
      await delay(pollMs);
    }
  }

  private startFailed(reason: string, log: string[], cause: unknown): ProtectionFlowsError {
    const { binary, chroot = '' } = this.installation;
    const errors = log.filter((line) => line.includes('[ERROR]'));
    const telling = (errors.length > 0 ? errors : log).slice(-telltaleLines).join('; ');
    return new ProtectionFlowsError('SERVER_START_FAILED', {
      message: `the private ${this.flavour} ${this.version} server did not start: ${reason}: ${telling}`,
      remedy:
        'Correct what the log names, or set PROTECTION_FLOWS_MYSQLD to the program of another MariaDB or MySQL server.',
      details: {
        binary: `${chroot}${binary}`,
        serverArguments: [...(this.options.serverArguments ?? [])],
        log,
      },
      cause,
    });
  }
}

async function start(installation: ServerInstallation, options: PrivateServerOptions) {
  const directory = await createServerFolder();
  const guardian = new Guardian(directory);
  const server = new PrivateServer(directory, installation, options, guardian);
  try {
    await server.createData();
    await server.launch();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Starts a MariaDB or MySQL server found on this machine, in a temporary folder, on a free loopback port and a
 * socket. The server is ready when the promise resolves. `stop()` ends the server and removes its folder; so does the
 * end of this process, for whatever reason. Committed rows survive `kill()`, but not a crash of the machine.
 *
 * @throws ProtectionFlowsError SERVER_NOT_FOUND; SERVER_START_FAILED with the server's last log lines;
 * VALIDATION_FAILED, naming everything that is wrong with the options.
 */
export async function startPrivateServer(given?: PrivateServerOptions): Promise<PrivateServer> {
  const { options } = read({ options: given });
  const { flavour, version } = options;
  const installation = options.installation ?? (await getServerInstallation({ flavour, version }));
  try {
    return await start(installation, options);
  } catch (error) {
    const mayBeTemplate = isProtectionFlowsError(error, 'SERVER_START_FAILED');
    if (mayBeTemplate && (await forgetOldDataTemplate(installation))) return start(installation, options);
    throw error;
  }
}
