import { join } from 'node:path';
import { chromium, type Browser, type Page, type Request } from 'playwright-core';
import { isRoot } from '../../src/testing/server-installation';
import { getBrowser, isBrowserWanted } from './browser-installation';

/** A suite that needs a browser. It is skipped, and says so, if `PROTECTION_FLOWS_CHROMIUM` is `none`. */
export function describeInBrowser(name: string, suite: () => void): void {
  if (isBrowserWanted()) describe(name, suite);
  else describe.skip(`${name} (left out: PROTECTION_FLOWS_CHROMIUM=none)`, suite);
}

/** The records of page-watch.js inside the page. */
export interface Seen {
  /** The browser's measure of each move of visible content that no user caused. */
  readonly shifts: readonly number[];
  /** The values of each run's progress bar, in order; `gone` once the bar disappeared. */
  readonly progress: Readonly<Record<string, readonly (number | 'gone')[]>>;
}

/** A page under watch. */
export interface WatchedPage {
  readonly page: Page;
  /**
   * Returns the problems since the last call: script errors, console errors, failed or refused requests, removed rows, invalid
   * dates and numbers. A test fails at its end if problems are left.
   */
  takeProblems(): Promise<string[]>;
  /** Ignores problems that match from now on, because the test causes them. */
  allow(pattern: RegExp): void;
  /** How many responses have arrived. */
  answers(): number;
  seen(): Promise<Seen>;
}

/** A browser without a window; pages are closed after each test. */
export interface TestBrowser {
  open(url: string): Promise<WatchedPage>;
}

/** Makes other machines unreachable. */
const onlyThisMachine = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';

/** How long one action of a page may take on a busy machine. */
const limitMs = 60_000;

/** Chromium's sandbox does not work for root. */
async function launch(): Promise<Browser> {
  const { program, libraryPath } = getBrowser();
  return chromium.launch({
    executablePath: program,
    chromiumSandbox: !isRoot(),
    args: [onlyThisMachine],
    env: { ...process.env, ...(libraryPath !== undefined && { LD_LIBRARY_PATH: libraryPath }) },
  });
}

/** Records the problems of a page. A refused request is recorded once, with its method and path. */
function watch(page: Page): WatchedPage {
  const problems: string[] = [];
  const allowed: RegExp[] = [];
  let [answers, loads] = [0, 0];
  const nameOf = (request: Request): string => `${request.method()} ${new URL(request.url()).pathname}`;
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('console', (message) => {
    const isOfServer = message.text().startsWith('Failed to load resource: the server responded');
    const isProblem = ['error', 'warning'].includes(message.type()) && !isOfServer;
    if (isProblem) problems.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => problems.push(`${request.failure()?.errorText} ${nameOf(request)}`));
  page.on('response', (response) => {
    answers += 1;
    if (response.status() >= 400) problems.push(`${response.status()} ${nameOf(response.request())}`);
  });
  page.on('load', () => {
    loads += 1;
    if (loads > 1) problems.push('loaded again');
  });
  return {
    page,
    async takeProblems() {
      const shown = await page.evaluate<string[]>('window.watched.problems.splice(0)');
      const all = [...new Set([...problems.splice(0), ...shown])];
      return all.filter((problem) => !allowed.some((pattern) => pattern.test(problem)));
    },
    allow(pattern) {
      allowed.push(pattern);
    },
    answers: () => answers,
    seen: () => page.evaluate<Seen>('window.watched'),
  };
}

/** Registers hooks that start a browser before the tests, and close it after them, also after a failed test. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  let opened: WatchedPage[] = [];
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(async () => {
    const watched = opened;
    opened = [];
    try {
      for (const one of watched) expect(await one.takeProblems()).toEqual([]);
    } finally {
      await Promise.all(watched.map(({ page }) => page.context().close()));
    }
  });
  afterAll(() => browser?.close());
  return {
    async open(url) {
      const context = await browser!.newContext();
      context.setDefaultTimeout(limitMs);
      const watched = watch(await context.newPage());
      opened.push(watched);
      await context.addInitScript({ path: join(__dirname, 'page-watch.js') });
      await watched.page.goto(url);
      return watched;
    },
  };
}
