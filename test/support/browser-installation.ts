import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { packageFolder } from './run-program';

/** A browser on this machine. */
export interface BrowserInstallation {
  readonly program: string;
  /** The folders of its shared libraries, if it is not installed in its usual place. */
  readonly libraryPath?: string;
}

/** The names of Chromium, and of Chrome, which also works. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The programs on macOS, where they are not in the PATH. */
const applications = ['Chromium', 'Google Chrome'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);

/** Where `npm test` unpacks Debian's packages for a user who is not root. */
const unpacked = join(packageFolder, '.cache', 'browser', 'usr', 'lib');

const wanted = (): string => process.env['PROTECTION_FLOWS_CHROMIUM'] ?? '';

/** False if `PROTECTION_FLOWS_CHROMIUM` is `none`: the tests that need a browser are skipped. */
export function isBrowserWanted(): boolean {
  return wanted() !== 'none';
}

function findUnpacked(): BrowserInstallation | null {
  const program = join(unpacked, 'chromium', 'chromium');
  if (!existsSync(program)) return null;
  const libraries = readdirSync(unpacked).filter((name) => name.endsWith('-linux-gnu'));
  return { program, libraryPath: libraries.map((name) => join(unpacked, name)).join(delimiter) };
}

/** Returns the browser that `PROTECTION_FLOWS_CHROMIUM` names, or else the first one found; null if there is none. */
export function findBrowser(): BrowserInstallation | null {
  const named = wanted();
  if (named !== '') return existsSync(named) ? { program: named } : null;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [...places, ...applications].find((path) => existsSync(path));
  return found === undefined ? findUnpacked() : { program: found };
}

/** Returns the fault, and the remedy, if {@link findBrowser} finds no browser. */
export function browserFault(): { readonly message: string; readonly remedy: string } {
  const named = wanted();
  return {
    message:
      named === ''
        ? 'there is no browser on this machine'
        : `PROTECTION_FLOWS_CHROMIUM=${named}: there is no such program`,
    remedy:
      'Type `npm run setup:engines`, as root on Debian; or set PROTECTION_FLOWS_CHROMIUM to the program of a Chromium ' +
      'or Chrome, or to none to leave out the tests that need one.',
  };
}

/** @throws with the remedy, if this machine has no browser */
export function getBrowser(): BrowserInstallation {
  const { message, remedy } = browserFault();
  const found = findBrowser();
  if (found === null) throw new Error(`${message}. ${remedy}`);
  return found;
}
