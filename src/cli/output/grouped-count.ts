const format = new Intl.NumberFormat('en');

/** `1,200`: a number that may grow large. */
export const grouped = (count: number): string => format.format(count);

/** `1 flow`, `1,200 flows`. The plural is the word with an s. */
export function groupedCount(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;
}
