/** What {@link styleFor}'s marks are made of: bold, dim and colours. */
const ownMarks = String.raw`\x1b\[(?:0|1|2|22|3[1-6]|39)m`;

/** What a terminal obeys or turns around instead of showing it: control characters, and marks of direction. */
const obeyed = String.raw`[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]`;

const ownMarkOrObeyed = new RegExp(`${ownMarks}|${obeyed}`, 'gu');
const obeyedAlone = new RegExp(obeyed, 'gu');

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Text for a terminal, in which what the terminal would obey stands as `\u001b`: names in a database may have been written by
 * anybody. Marks of our own stay.
 */
export const visible = (text: string): string =>
  text.replaceAll(ownMarkOrObeyed, (found) => (found.length > 1 ? found : unicodeEscape(found)));

/** The same for text of ours that has no marks yet, and for JSON, in which it stays the same value. */
export const withoutMarks = (text: string): string => text.replaceAll(obeyedAlone, unicodeEscape);
