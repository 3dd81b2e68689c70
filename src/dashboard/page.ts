import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bodyOf } from './http';

const read = (name: string): string => readFileSync(join(__dirname, 'page', name), 'utf8');
const modules = ['elements', 'flows', 'overview', 'page'];

/** Joins the modules into one script, each after the modules that it imports. Their names must differ. */
const readScript = (): string =>
  modules
    .map((name) => read(`${name}.mjs`))
    .join('')
    .replaceAll(/^import [^;]*;\n|^export /gm, '');

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * Makes the page from its files. It is one response: the browser loads nothing after it. Its headers allow its own style
 * and script, and nothing else.
 */
export function makePage() {
  const [style, script] = [read('page.css'), readScript()];
  const html = read('page.html')
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`);
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${hashOf(script)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { body: bodyOf('text/html', html), headers: { 'Content-Security-Policy': policy.join('; ') } };
}
