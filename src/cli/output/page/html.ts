import { withoutMarks } from '../visible';

/** Markup, as opposed to text that is to be shown as it is. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What stands in a page: markup as it is, text with its signs escaped, lists one after the other. */
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

/** A template of markup: whatever is put into it is text, unless it is {@link Markup}. Pure. */
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
