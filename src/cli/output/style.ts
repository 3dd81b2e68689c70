import { createColors } from 'picocolors';

/** Where text goes: a terminal, a pipe, a file; in tests, a list. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
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

/** What a status word says, whatever it is the status of; null where it says neither. */
export function moodOf(status: string): 'good' | 'bad' | 'open' | null {
  if (/^(pass|applied|present|added|proven|mended)$/.test(status)) return 'good';
  if (/^(fail|missing|refused|unknown|differs)$/.test(status)) return 'bad';
  return /^(deferred|noted|pending|to-add)$/.test(status) ? 'open' : null;
}

/** Colours a status word. */
export function markStatus(status: string, { green, red, yellow }: Style): string {
  const mood = moodOf(status);
  return mood === null ? status : { good: green, bad: red, open: yellow }[mood](status);
}
