import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import type { Queryable } from '../../../src/engine/server/queryable';

/** What an application logged, line by line. */
export interface Log extends LoggerService {
  readonly lines: string[];
  readonly warnings: string[];
  readonly errors: string[];
}

function newLog(): Log {
  const [lines, warnings, errors]: [string[], string[], string[]] = [[], [], []];
  return {
    lines,
    warnings,
    errors,
    log: (message: unknown) => void lines.push(String(message)),
    warn: (message: unknown) => void warnings.push(String(message)),
    error: (message: unknown) => void errors.push(String(message)),
  };
}

/** Starts applications; each is closed after its test. */
export interface Apps {
  /** Of the application that was started last. */
  readonly log: Log;
  /** An application without HTTP: its providers are there, its hooks have run. */
  start(
    metadata: ModuleMetadata,
    change?: (builder: TestingModuleBuilder) => unknown,
  ): Promise<TestingModule>;
  /** An application that listens; `url` is where. */
  listen(
    metadata: ModuleMetadata,
    change?: (app: INestApplication) => void,
  ): Promise<{ app: INestApplication; url: string }>;
}

/** Registers the hook that closes the applications of a test. */
export function useApps(): Apps {
  const started: { close(): Promise<void> }[] = [];
  let log = newLog();
  afterEach(async () => {
    for (const app of started.splice(0).reverse()) await app.close();
  });
  const compile = async (
    metadata: ModuleMetadata,
    change?: (builder: TestingModuleBuilder) => unknown,
  ): Promise<TestingModule> => {
    log = newLog();
    const builder = Test.createTestingModule(metadata).setLogger(log);
    change?.(builder);
    return builder.compile();
  };
  return {
    get log() {
      return log;
    },
    async start(metadata, change) {
      const app = await compile(metadata, change);
      started.push(app);
      return app.init();
    },
    async listen(metadata, change) {
      const app = (await compile(metadata)).createNestApplication();
      started.push(app);
      change?.(app);
      await app.listen(0, '127.0.0.1');
      return { app, url: await app.getUrl() };
    },
  };
}

async function count(session: Queryable, condition: string): Promise<number> {
  const [row] = (await session.query(
    `SELECT COUNT(*) AS sessions FROM information_schema.processlist
      WHERE db = DATABASE() AND id <> CONNECTION_ID() AND ${condition}`,
  )) as { sessions: number }[];
  return Number(row?.sessions);
}

/** How many sessions others than this one have in its database, as the server counts them. */
export function otherSessions(session: Queryable): Promise<number> {
  return count(session, 'TRUE');
}

/** Whether another session in this one's database executes a SELECT SLEEP. */
export async function isSleeping(session: Queryable): Promise<boolean> {
  return (await count(session, "info LIKE 'SELECT SLEEP%'")) > 0;
}
