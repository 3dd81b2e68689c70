import { createColors } from 'picocolors';
import type { OutputStream } from '../command-line';

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

/** How a status word is marked, whatever it is the status of. */
export function markStatus(status: string, style: Style): string {
  switch (status) {
    case 'pass':
    case 'applied':
    case 'present':
    case 'added':
    case 'proven':
      return style.green(status);
    case 'fail':
    case 'missing':
    case 'refused':
    case 'unknown':
      return style.red(status);
    case 'deferred':
    case 'pending':
    case 'to-add':
      return style.yellow(status);
    default:
      return status;
  }
}
