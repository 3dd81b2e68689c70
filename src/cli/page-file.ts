import { ProtectionFlowsError } from '../errors';
import { fileWriter } from './write-file';

/**
 * Looks at once whether the file of `--html` can be written, so that no page is made in vain, and answers what writes it;
 * null where none is wanted.
 *
 * @throws USAGE where it can't be; later FILE_NOT_WRITTEN
 */
export function pageWriter(path: string | undefined): ((page: string) => void) | null {
  if (path === undefined) return null;
  try {
    return fileWriter(path);
  } catch (error) {
    throw new ProtectionFlowsError('USAGE', {
      message: `the file of --html, ${path}: ${(error as Error).message}`,
      remedy: 'Name a file in a folder that is there and that you may write.',
      details: { reason: 'invalidArgument' },
    });
  }
}
