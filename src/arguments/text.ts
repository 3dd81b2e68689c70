/** Printable ASCII: the fastest test, which nearly every text passes. */
const plainAscii = /^[\x20-\x7e]*$/;

/** Control characters, line and paragraph separators, and halves of surrogate pairs, which UTF-8 can't hold. */
const control = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Joiners, variation selectors and tags: parts of emoji and of several scripts, after the character that they change. */
const modifier = '\\u200C\\u200D\\uFE00-\\uFE0F\\u{E0020}-\\u{E007F}\\u{E0100}-\\u{E01EF}';

/** Invisible characters: zero width, direction marks, fillers, the blank Braille cell; and a modifier that changes nothing. */
const invisible = new RegExp(
  `(?![${modifier}])[\\p{Default_Ignorable_Code_Point}\\uFFF9-\\uFFFB\\u2800]|(?:^|\\s)[${modifier}]`,
  'u',
);

/** True for a text that UTF-8 can hold, without NUL, at which some programs would cut it. It may have many lines. */
export function isStorableText(value: unknown): value is string {
  return (
    typeof value === 'string' && (plainAscii.test(value) || (isWellFormed(value) && !value.includes('\0')))
  );
}

/** True for a text without halves of surrogate pairs, which the database would return as U+FFFD. */
export function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

/** True for a text of one line without control characters, such as the id of another program's row. */
export function isOneLine(value: unknown): value is string {
  return typeof value === 'string' && (plainAscii.test(value) || !control.test(value));
}

/** True for a text of one line without invisible characters, by which two texts could differ and look alike. */
export function isVisibleText(value: unknown): value is string {
  return isOneLine(value) && (plainAscii.test(value) || !invisible.test(value));
}

/** The number of characters of a text, as the server counts a varchar: by code points. */
export function countCharacters(text: string): number {
  return plainAscii.test(text) ? text.length : Array.from(text).length;
}

/** Levenshtein's distance: the number of letters to add, drop or change to turn one word into the other. */
function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const change = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

/** The known name that was probably meant by `name`; null if none is near. */
export function findNearName(name: string, known: readonly string[]): string | null {
  const wanted = name.toLowerCase();
  let best: { name: string; distance: number } | null = null;
  for (const candidate of known) {
    const apart = distance(wanted, candidate.toLowerCase());
    if (best === null || apart < best.distance) best = { name: candidate, distance: apart };
  }
  return best !== null && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.name : null;
}

/** The fault of an unknown name, as the end of a sentence that it begins: the word that was probably meant. */
export const didYouMean = (word: string): string => `is not known; did you mean ${word}?`;

/** The same: the name that was probably meant, or else all known names. */
export function notKnown(name: string, known: readonly string[]): string {
  const near = findNearName(name, known);
  return near === null ? `is not known; known are ${known.join(', ')}` : didYouMean(near);
}
