import { createColors } from 'picocolors';

/** Where text goes: a terminal, a pipe, a file; in tests, a list. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** False once a write has failed. */
  readonly writable?: boolean;
}

/** Marks for parts of a text; without colour, each returns its text as it is. */
export type Style = Pick<
  ReturnType<typeof createColors>,
  'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'
>;

/**
 * Colours for a stream: on a terminal only, and neither with --no-color nor NO_COLOR (https://no-color.org: set and
 * not empty).
 */
export function styleFor(stream: OutputStream, env: NodeJS.ProcessEnv, wanted: boolean): Style {
  const refused = !wanted || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return createColors(stream.isTTY === true && !refused);
}

/** How something stands. */
export type Mood = 'good' | 'bad' | 'open';

/** Colours a text by how things stand. */
export const markOf = (mood: Mood, { green, red, yellow }: Style): ((text: string) => string) =>
  ({ good: green, bad: red, open: yellow })[mood];

/** What a status word says, whatever it is the status of; null where it says neither. */
export function moodOf(status: string): Mood | null {
  if (/^(pass|applied|present|added|proven|mended)$/.test(status)) return 'good';
  if (/^(fail|missing|refused|unknown|differs)$/.test(status)) return 'bad';
  return /^(deferred|noted|pending|to-add)$/.test(status) ? 'open' : null;
}

/** Colours a status word. */
export function markStatus(status: string, style: Style): string {
  const mood = moodOf(status);
  return mood === null ? status : markOf(mood, style)(status);
}

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

/**
 * A stream in whose text GitHub's runner finds no command, whoever wrote it: `::` at the beginning of a line, behind blanks
 * too, and `##[` anywhere stand with one sign escaped, the same in JSON.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export const tamed = (stream: OutputStream): OutputStream =>
  Object.create(stream, {
    write: {
      value: (text: string) =>
        stream.write(text.replaceAll(/^(\s*):(?=:)/gm, '$1\\u003a').replaceAll('##[', '#\\u0023[')),
    },
  }) as OutputStream;
