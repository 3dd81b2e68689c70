import { installSystemWide, unpackIntoProject } from './apt.mjs';
import { hasProgram } from './distribution.mjs';
import { Fault } from './fault.mjs';
import { requireTypeScript } from './typescript.mjs';

const packages = ['chromium', 'chromium-common'];
const consequence = 'No page is opened in a browser; the tests that do it would fail.';

/** Makes sure that the tests find a browser, unless PROTECTION_FLOWS_CHROMIUM leaves them out. */
export async function ensureBrowser() {
  const { browserFault, findBrowser, isBrowserWanted } = requireTypeScript(
    'test/support/browser-installation.ts',
  );
  if (!isBrowserWanted() || findBrowser() !== null) return;
  const { message, remedy: fix } = browserFault();
  if (process.env.PROTECTION_FLOWS_CHROMIUM || !hasProgram('apt-get'))
    throw new Fault(message, consequence, fix);
  const wish = { packages, consequence, fix };
  await (process.getuid?.() === 0 ? installSystemWide(wish) : unpackIntoProject(wish, 'browser'));
}
