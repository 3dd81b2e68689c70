import { createHash } from 'node:crypto';
import type { Where } from '../../../engine/migrate/results';
import { packageVersion } from '../../../migrations/this-package';
import { moment } from '../status';
import { moodOf, withoutMarks } from '../style';
import { databaseName } from '../words';

/** Markup, as opposed to text that is shown as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

/** A part of a page: markup stays as it is, text is escaped, a list is joined. */
export type Content = Markup | string | number | null | readonly Content[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function textOf(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(textOf).join('');
  return withoutMarks(String(content)).replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** A template of markup. A value put into it is text, unless it is {@link Markup}. Pure. */
export const markup = (strings: TemplateStringsArray, ...contents: readonly Content[]): Markup =>
  new Markup(strings.map((string, index) => string + textOf(contents[index] ?? null)).join(''));

const row = ([first = null, ...others]: readonly Content[]): Markup =>
  markup`<tr><th scope="row">${first}</th>${others.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`;

/** A table with a caption, whose first column names each row. */
export const table = (
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Content[])[],
): Markup => markup`<div class="wide" role="group" tabindex="0" aria-label="${caption}">
<table>
<caption>${caption}</caption>
<thead><tr>${head.map((title) => markup`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(row)}</tbody>
</table>
</div>
`;

const style = `
:root { color-scheme: light dark; --back: light-dark(#f6f7f9, #12161c); --card: light-dark(#fff, #1a2028);
  --text: light-dark(#1b2430, #e6eaf0); --quiet: light-dark(#56616f, #a3aebb); --line: light-dark(#c9d0d8, #3a4552);
  --good: light-dark(#1b7341, #5cc48c); --open: light-dark(#8a5600, #e0a53a); --bad: light-dark(#b3231f, #f4837d);
  font: 15px/1.5 system-ui, sans-serif; }
* { box-sizing: border-box; }
body { max-width: 960px; margin: 0 auto; padding: 16px; background: var(--back); color: var(--text); }
h1 { margin: 0; font-size: 22px; overflow-wrap: anywhere; }
h2 { margin: 0 0 8px; font-size: 17px; }
p { margin: 4px 0; }
.quiet, caption { color: var(--quiet); }
.verdict { display: inline-block; padding: 2px 12px; border: 2px solid; border-radius: 6px; font-weight: 700; }
main > section { margin: 16px 0; padding: 12px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.good { color: var(--good); } .open { color: var(--open); } .bad { color: var(--bad); }
.wide { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; font-size: 14px; }
caption { text-align: left; font-size: 13px; }
th, td { padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th { font-size: 12px; color: var(--quiet); }
pre { overflow-x: auto; margin: 4px 0; padding: 8px; border: 1px solid var(--line); border-radius: 6px; background: var(--back); font-size: 13px; }
details { border-bottom: 1px solid var(--line); padding: 4px 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--text); outline-offset: 2px; }
svg { display: block; min-width: 640px; width: 100%; height: auto; }
svg text { fill: currentColor; font: 13px system-ui, sans-serif; }
svg .name { font-weight: 700; }
svg g text { paint-order: stroke; stroke: var(--card); stroke-width: 5px; }
svg .box { fill: var(--card); stroke: var(--line); stroke-width: 1.5; }
svg path { fill: none; stroke: currentColor; stroke-width: 1.8; }
svg .dashed { stroke-dasharray: 7 4; }
svg .dotted { stroke-dasharray: 2 4; }
@media print {
  :root { color-scheme: light; }
  details::details-content { content-visibility: visible; }
  body { max-width: none; padding: 0; } main > section { padding: 0; border: 0; } .wide { overflow: visible; } svg { min-width: 0; }
  table { width: 100%; font-size: 11px; } th, td { padding-right: 6px; overflow-wrap: anywhere; } pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`;

const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** A status word in its colour. */
export const marked = (status: string): Markup =>
  markup`<b class="${moodOf(status) ?? 'quiet'}">${status}</b>`;

/** A section of a page, with its heading. */
export const section = (title: string, ...contents: readonly Content[]): Markup => markup`<section>
<h2>${title}</h2>
${contents}</section>
`;

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

interface Head {
  readonly title: string;
  readonly verdict: string;
  readonly mood: 'good' | 'open' | 'bad';
  readonly meaning: string;
  readonly where: Where;
  /** When the database was read. */
  readonly at: Date;
}

/** A whole page that needs no other file: it has no script, picture or font. Pure. */
export const page = (
  { title, verdict, mood, meaning, where, at }: Head,
  ...parts: readonly Markup[]
): string =>
  markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${verdict}: ${title} of ${where.database}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<p><strong class="verdict ${mood}">${verdict}</strong></p>
<h1>${title} of ${where.database}</h1>
<p>${sentence(meaning)}</p>
<p class="quiet">${databaseName(where)}, seen at ${moment(at.toISOString())} UTC by protection-flows ${packageVersion()}</p>
</header>
<main>
${parts}</main>
</body>
</html>
`.text;
