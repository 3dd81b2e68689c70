import { readDocument } from './code-blocks';

const withoutBlocks = (path: string): string => readDocument(path).replaceAll(/^( *)```[^]*?^\1```$/gm, '');

/** A document without its blocks of code. */
export const proseOf = withoutBlocks;

/** The targets of the links and pictures of a document. Code in a sentence contains no links, whatever its brackets. */
export function linksOf(path: string): string[] {
  const text = withoutBlocks(path).replaceAll(/`[^`\n]*`/g, (code) => 'x'.repeat(code.length));
  const inline = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
  const named = [...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, to]) => to!);
  const sources = [...text.matchAll(/\b(?:src|srcset|href)="([^"]+)"/g)].map(([, to]) => to!);
  return [...inline, ...named, ...sources];
}

/** The anchors of a document's headings, as GitHub and npm make them. */
export function anchorsOf(path: string): string[] {
  const counts = new Map<string, number>();
  return [...withoutBlocks(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const anchor = heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = counts.get(anchor) ?? 0;
    counts.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}
