import { createColors } from 'picocolors';

/** A stream that text is written to: a terminal, a pipe, a file; in tests, a list. */
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
 * Colours for a stream: only on a terminal, and not with --no-color, TERM=dumb or NO_COLOR (https://no-color.org: set and
 * not empty).
 */
export function styleFor(stream: OutputStream, env: NodeJS.ProcessEnv, wanted: boolean): Style {
  const refused = !wanted || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return createColors(stream.isTTY === true && !refused);
}

/** Whether a state is good, bad, or still open. */
export type Mood = 'good' | 'bad' | 'open';

/** The function that colours a text by a mood. */
export const markOf = (mood: Mood, { green, red, yellow }: Style): ((text: string) => string) =>
  ({ good: green, bad: red, open: yellow })[mood];

/** The mood of a status word; null for any other word. */
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

/** The marks that {@link styleFor} makes: bold, dim and colours. */
const ownMarks = String.raw`\x1b\[(?:0|1|2|22|3[1-6]|39)m`;

/** Characters that a terminal obeys instead of showing them: control characters, and marks of direction. */
const obeyed = String.raw`[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]`;

const ownMarkOrObeyed = new RegExp(`${ownMarks}|${obeyed}`, 'gu');
const obeyedAlone = new RegExp(obeyed, 'gu');

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Text for a terminal. Characters that it would obey become an escape such as `\u001b`: anybody may have written the names
 * in a database. Our own marks stay.
 */
export const visible = (text: string): string =>
  text.replaceAll(ownMarkOrObeyed, (found) => (found.length > 1 ? found : unicodeEscape(found)));

/** The same for text without marks of ours, and for JSON, where the escape stands for the same character. */
export const withoutMarks = (text: string): string => text.replaceAll(obeyedAlone, unicodeEscape);

/**
 * A stream whose text holds no command for GitHub's runner, whoever wrote the text. Escapes one character of `::` at the
 * beginning of a line, also after blanks, and of `##[` anywhere; in JSON the escape stands for the same character.
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
